// What people are told besides the page itself: toasts, errors of requests, words for screen readers.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const LASTS_MS = 6000;
  const MOST = 3;

  const box = () => document.getElementById("toasts");
  const isError = (toast) => toast.dataset.kind === "error";

  function dismissLater(toast) {
    setTimeout(() => {
      if (toast.matches(":hover, :focus-within")) dismissLater(toast);
      else toast.remove();
    }, LASTS_MS);
  }

  /** Lets news go by itself; an error stays until it is dismissed. */
  function tidy() {
    const toasts = [...box().children];
    toasts.slice(0, -MOST).forEach((toast) => toast.remove());
    for (const toast of toasts.filter((each) => !isError(each) && !each.dataset.timed)) {
      toast.dataset.timed = "1";
      dismissLater(toast);
    }
  }

  deskbell.toast = (text, kind = "info") => {
    const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    toast.dataset.kind = kind;
    if (kind === "error") toast.setAttribute("role", "alert");
    toast.querySelector(".toast-text").textContent = text;
    box().append(toast);
    tidy();
  };

  const announcer = document.createElement("p");
  announcer.className = "sr";
  announcer.setAttribute("role", "status");
  document.body.append(announcer);

  let forgetting = 0;

  /** Says something to screen readers only, and does not leave it lying about. */
  deskbell.announce = (text) => {
    announcer.textContent = text;
    clearTimeout(forgetting);
    forgetting = setTimeout(() => (announcer.textContent = ""), LASTS_MS);
  };

  /** What a page asks for again and again by itself is no news when it fails: the next one may work. */
  const isQuiet = (ctx) => Boolean(ctx.sourceElement?.matches?.("[data-quiet]"));

  /** Our error answers bring their toast. Other ones (a proxy's) must not land where a page was expected. */
  function tellError(event) {
    const { ctx } = event.detail;
    Object.assign(ctx, { swap: "none", push: null, replace: null });
    if (isQuiet(ctx)) ctx.text = "";
    else if (!ctx.text.includes('hx-target="#toasts"')) deskbell.toast(deskbell.text("failed"), "error");
  }

  function tellFailure(event) {
    const { ctx } = event.detail;
    if (ctx?.request && !isQuiet(ctx)) deskbell.toast(deskbell.text("no-connection"), "error");
  }

  document.addEventListener("htmx:response:error", tellError);
  document.addEventListener("htmx:error", tellFailure);
  document.addEventListener("htmx:after:swap", tidy);
  document.addEventListener("DOMContentLoaded", tidy);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#toasts [data-dismiss]");
    if (!button) return;
    button.closest(".toast").remove();
    (box().querySelector("[data-dismiss]") || document.getElementById("main")).focus();
  });
})();
