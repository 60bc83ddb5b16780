// Watches the socket: says when it is lost, replaces one that went silent, and passes its signals on.
(() => {
  "use strict";

  const SILENCE_MS = 25000; // the server says something every 12 s
  const GRACE_MS = 2000; // a shorter loss is nobody's business

  let heardAt = Date.now();
  let watchdog = 0;
  let grace = 0;

  const link = () => document.querySelector("[hx-ws\\:connect]");
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

  function lose() {
    if (!grace) grace = setTimeout(() => document.body.setAttribute("data-link", "lost"), GRACE_MS);
  }

  function hear() {
    clearTimeout(grace);
    grace = 0;
    document.body.removeAttribute("data-link");
    watch();
  }

  function watch() {
    heardAt = Date.now();
    clearTimeout(watchdog);
    watchdog = setTimeout(renew, SILENCE_MS);
  }

  /** Connects anew at once, whatever state the socket is in: htmx tears the element down and sets it up again. */
  function renew() {
    watch();
    if (!link()) return;
    lose();
    window.htmx.process(link(), true);
    tell("deskbell:resync"); // where sockets do not get through, this makes it a slow poll
  }

  function renewIfDoubtful() {
    if (document.hidden) return;
    if (grace || Date.now() - heardAt > SILENCE_MS) renew();
  }

  function receive(event) {
    hear();
    const { data } = event.detail.message;
    if (typeof data !== "string" || !data.startsWith("{")) return;
    const signal = JSON.parse(data);
    if (signal.typing) tell("deskbell:typing", signal.typing);
    if (signal.resync) tell("deskbell:resync");
  }

  document.addEventListener("htmx:ws:after:connection", () => {
    hear();
    tell("deskbell:linked");
    tell("deskbell:resync");
  });
  document.addEventListener("htmx:ws:before:message:incoming", receive);
  document.addEventListener("htmx:ws:close", lose);
  document.addEventListener("visibilitychange", renewIfDoubtful);
  window.addEventListener("offline", lose);
  window.addEventListener("online", renew);
  window.addEventListener("pageshow", (event) => event.persisted && renew());
  document.addEventListener("DOMContentLoaded", () => {
    if (!link()) return;
    lose();
    watch();
    // htmx may have gone over the page before its socket extension had arrived. Where it had, this does nothing.
    window.htmx.process(link());
  });
})();
