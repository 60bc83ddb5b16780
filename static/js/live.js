// Watches the socket: says when it is lost, replaces one that went silent, and passes its signals on.
(() => {
  "use strict";

  const SILENCE_MS = 22000 + 5000 * Math.random(); // the server says something every 12 s; browsers must not move as one
  const LOOK_MS = 1000;
  const GRACE_MS = 2000; // a shorter loss is nobody's business
  const SPREAD_MS = 1000;
  const SESSION_OVER = 4401;

  let connection = null; // htmx's
  let heardAt = Date.now();
  let watchdog = 0;
  let isJoined = false; // whether this connection has said anything yet
  let isOpen = false;
  let isDoubted = false; // whether the desk was asked why it refuses connections
  let grace = 0;

  const link = () => document.querySelector("[hx-ws\\:connect]");
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
  // The time of day, not of timers: those stand still while a laptop sleeps.
  const isSilent = () => Math.abs(Date.now() - heardAt) > SILENCE_MS;
  const isTryingAgain = () => connection?.socket?.readyState === WebSocket.CLOSED;

  function lose() {
    if (!grace) grace = setTimeout(() => document.body.setAttribute("data-link", "lost"), GRACE_MS);
  }

  function hear() {
    clearTimeout(grace);
    grace = 0;
    heardAt = Date.now();
    document.body.removeAttribute("data-link");
    // In the background a browser runs an interval once a minute, but a timer that a message has set in time.
    clearTimeout(watchdog);
    watchdog = setTimeout(watch, SILENCE_MS + 1);
  }

  /** Connects anew at once, whatever state the socket is in: htmx tears the element down and sets it up again. */
  function renew() {
    heardAt = Date.now();
    if (!link()) return;
    lose();
    window.htmx.process(link(), true);
    tell("deskbell:resync");
  }

  /** Where no socket gets through, this is a slow poll; htmx's own pauses between attempts are left alone. */
  function watch() {
    if (!isSilent()) return;
    if (!isTryingAgain()) return renew();
    heardAt = Date.now();
    tell("deskbell:resync");
  }

  function renewIfDoubtful() {
    if (!document.hidden && (grace || isSilent())) renew();
  }

  function receive(event) {
    hear();
    // Only from its first word on does a connection miss nothing: to catch up earlier might leave a hole.
    if (!isJoined && event.detail.connection === connection) {
      isJoined = true;
      tell("deskbell:resync");
    }
    const { data } = event.detail.message;
    if (typeof data !== "string" || !data.startsWith("{")) return;
    const signal = JSON.parse(data);
    if (signal.typing) tell("deskbell:typing", signal.typing);
    if (signal.here) tell("deskbell:here", signal.here);
    if (signal.alert) tell("deskbell:alert", signal.alert);
    // Everyone is told at the same moment.
    if (signal.resync) setTimeout(tell, SPREAD_MS * Math.random(), "deskbell:resync");
  }

  document.addEventListener("htmx:ws:before:connection", (event) => (connection = event.detail.connection));
  document.addEventListener("htmx:ws:after:connection", () => {
    isOpen = true;
    isJoined = isDoubted = false;
    hear();
    tell("deskbell:linked");
  });
  document.addEventListener("htmx:ws:before:message:incoming", receive);
  document.addEventListener("htmx:ws:close", (event) => {
    if (event.detail.code === SESSION_OVER) return window.deskbell.signInAgain();
    lose();
    // A browser does not tell why a connection was refused; the next answer does, if it is the session that is over.
    if (!isOpen && !isDoubted) {
      isDoubted = true;
      tell("deskbell:resync");
    }
    isOpen = false;
  });
  document.addEventListener("visibilitychange", renewIfDoubtful);
  window.addEventListener("offline", lose);
  window.addEventListener("online", renew);
  window.addEventListener("pageshow", (event) => event.persisted && renew());
  document.addEventListener("DOMContentLoaded", () => {
    if (!link()) return;
    lose();
    setInterval(watch, LOOK_MS);
    // htmx may have gone over the page before its socket extension had arrived. Where it had, this does nothing.
    window.htmx.process(link());
  });
})();
