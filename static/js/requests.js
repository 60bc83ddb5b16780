// Requests that scripts make themselves: the same headers as htmx's, answers swapped by the same rules.
(() => {
  "use strict";

  const deskbell = window.deskbell;

  let isLeaving = false;

  const headers = () => ({
    Accept: "text/html",
    "HX-Request": "true",
    "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content,
  });

  const leadsToSignIn = (response) =>
    response.status === 401 || (response.redirected && new URL(response.url).pathname === "/login");

  /** Leads to the sign-in page and back here, unless this very tab is signing out. What is written is kept. */
  deskbell.signInAgain = () => {
    deskbell.signedOut = true;
    if (!isLeaving) location.reload();
  };

  document.addEventListener("submit", (event) => (isLeaving = event.target.getAttribute("action") === "/logout"));
  window.addEventListener("pageshow", () => (isLeaving = false));

  /** Fetches like htmx. Throws when there is no connection, and when the session is over. */
  deskbell.request = async (address, options = {}) => {
    const response = await fetch(address, { ...options, headers: headers() });
    if (leadsToSignIn(response)) {
      deskbell.signInAgain();
      throw new Error("signed out");
    }
    deskbell.setClock(response.headers.get("Date"));
    return response;
  };

  deskbell.post = (address, body, signal) => deskbell.request(address, { method: "POST", body, signal });

  /** Whether the same request may work a little later. */
  deskbell.mayPass = (status) => status >= 500 || status === 408 || status === 429;

  /** Swaps a live fragment into the page. */
  deskbell.apply = (html) =>
    window.htmx.swap({ sourceElement: document.body, target: document.body, swap: "none", text: html });

  /** The sentence of an error answer. */
  deskbell.sentence = (answer) => {
    const sentence = new DOMParser().parseFromString(answer, "text/html").querySelector(".toast-text");
    return sentence ? sentence.textContent.trim() : deskbell.text("failed");
  };

  /** Waits before attempt number `failures` + 1: longer each time, up to 15 s; not at all once the link is back. */
  deskbell.pause = (failures, atLeast = 0) =>
    new Promise((resolve) => {
      const longest = Math.min(1000 * 2 ** failures, 15000);
      const done = () => {
        clearTimeout(timer);
        document.removeEventListener("deskbell:linked", done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(longest * (0.5 + Math.random() / 2), atLeast));
      if (!atLeast) document.addEventListener("deskbell:linked", done);
    });

  document.addEventListener("htmx:before:response", (event) => {
    if (!leadsToSignIn(event.detail.ctx.response.raw)) return;
    event.preventDefault(); // the sign-in page is not a conversation
    deskbell.signInAgain();
  });
})();
