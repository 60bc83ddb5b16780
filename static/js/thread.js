// The thread: follows what is said while it stands at its end, otherwise stays put and offers the way down.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const NEAR_PX = 48;
  const QUIET_MS = 200;

  let open = null; // the log that we know
  let isAtEnd = true;
  let seenPosition = 0; // of the last message that was there when the end was in view
  let anchor = null;

  const log = () => document.querySelector("#conversation .thread");
  const articles = () => [...document.querySelectorAll("#conversation .thread .message[data-position]")];
  const positionOf = (article) => Number(article.dataset.position);
  const heightIn = (thread, article) => article.getBoundingClientRect().top - thread.getBoundingClientRect().top;
  const distanceToEnd = (thread) => thread.scrollHeight - thread.scrollTop - thread.clientHeight;

  function unseen() {
    const me = document.body.dataset.agent;
    return articles().filter((article) => positionOf(article) > seenPosition && article.dataset.agent !== me).length;
  }

  function offerWayDown() {
    const button = document.querySelector("#conversation .jump");
    if (!button) return;
    const count = isAtEnd ? 0 : unseen();
    button.hidden = count === 0;
    if (count) button.querySelector(".jump-text").textContent = deskbell.fill(button.dataset.text, { count });
  }

  function noteWhereWeAre() {
    const thread = log();
    if (!thread) return;
    isAtEnd = distanceToEnd(thread) < NEAR_PX;
    if (isAtEnd) seenPosition = Math.max(seenPosition, ...articles().map(positionOf));
    offerWayDown();
  }

  function goToEnd() {
    const thread = log();
    if (thread) thread.scrollTop = thread.scrollHeight;
    noteWhereWeAre();
  }

  /** Remembers the first article in view, so that older ones put above it do not push it away. */
  function remember() {
    const thread = log();
    const first = thread && articles().find((article) => heightIn(thread, article) + article.offsetHeight > 0);
    anchor = first ? { id: first.id, height: heightIn(thread, first) } : null;
  }

  function keep() {
    if (isAtEnd) return goToEnd();
    const thread = log();
    const first = anchor && document.getElementById(anchor.id);
    if (thread && first) thread.scrollTop += heightIn(thread, first) - anchor.height;
    return offerWayDown();
  }

  /** A customer who now has another name is called by it everywhere, silently: nothing new was said. */
  function callCustomerByName() {
    const thread = log();
    const name = document.querySelector("#conversation .chat-head h2")?.textContent;
    if (!thread || !name) return;
    const authors = [...thread.querySelectorAll('[data-called="customer"]')].filter((one) => one.textContent !== name);
    if (!authors.length) return;
    thread.setAttribute("aria-live", "off");
    for (const author of authors) author.textContent = name;
    setTimeout(() => thread.setAttribute("aria-live", "polite"), QUIET_MS);
  }

  const observer = new ResizeObserver(() => isAtEnd && goToEnd());

  function lookForAnother() {
    if (log() === open) return false;
    open = log();
    seenPosition = 0;
    isAtEnd = true;
    observer.disconnect();
    if (open) observer.observe(open);
    goToEnd();
    document.dispatchEvent(new CustomEvent("deskbell:opened"));
    return true;
  }

  deskbell.goToEnd = goToEnd;
  /** After something in the thread has grown: whoever stood at its end stays there. */
  deskbell.followEnd = () => isAtEnd && goToEnd();

  const isOfThread = (element) => element instanceof Element && element.matches("#conversation .thread");

  document.addEventListener("scroll", (event) => isOfThread(event.target) && noteWhereWeAre(), true);
  document.addEventListener("load", (event) => isAtEnd && event.target.closest?.(".thread") && goToEnd(), true);
  document.addEventListener("click", (event) => event.target.closest(".jump") && goToEnd());
  document.addEventListener("htmx:before:swap", remember);
  document.addEventListener("htmx:after:swap", () => {
    callCustomerByName();
    if (!lookForAnother()) keep();
  });
  document.addEventListener("DOMContentLoaded", lookForAnother);
})();
