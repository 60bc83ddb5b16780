// What people are told besides the page itself: toasts, errors of requests, words for screen readers.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const LASTS_MS = 6000;
  const MOST = 3;

  const toasts = () => document.getElementById("toasts");

  function dismissLater(toast) {
    setTimeout(() => {
      if (toast.matches(":hover, :focus-within")) dismissLater(toast);
      else toast.remove();
    }, LASTS_MS);
  }

  /** Shows a sentence: news goes by itself, an error (kind "error") stays until it is dismissed. */
  deskbell.toast = (text, kind = "info") => {
    const toast = document.getElementById("toast").content.firstElementChild.cloneNode(true);
    toast.querySelector(".toast-text").textContent = text;
    toast.dataset.kind = kind;
    if (kind === "error") toast.setAttribute("role", "alert");
    while (toasts().childElementCount >= MOST) toasts().firstElementChild.remove();
    toasts().append(toast);
    if (kind !== "error") dismissLater(toast);
  };

  /** Says something to screen readers only. */
  deskbell.announce = (text) => {
    document.getElementById("announcer").textContent = text;
  };

  /** An error page must not land where an answer was expected; invalid forms (422) come back as forms. */
  function tellError(event) {
    const { ctx } = event.detail;
    if (ctx.response.status === 422 && ctx.swap !== "none") return;
    ctx.swap = "none";
    ctx.push = null;
    ctx.replace = null;
    deskbell.toast(deskbell.sentence(ctx.text), "error");
  }

  function tellFailure(event) {
    if (event.detail.ctx?.request) deskbell.toast(deskbell.text("no-connection"), "error");
  }

  document.addEventListener("htmx:response:error", tellError);
  document.addEventListener("htmx:error", tellFailure);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#toasts [data-dismiss]");
    if (button) button.closest("#toasts > *").remove();
  });
})();
