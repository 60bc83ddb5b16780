// The bell: opens the list of chats over any page; on /chats, where the list is there already, leads to it.
(() => {
  "use strict";

  const drawer = () => document.getElementById("chat-drawer");
  const isPopover = () => Boolean(drawer()) && drawer().hasAttribute("popover");

  function enter() {
    const stops = [...drawer().querySelectorAll(".chat-row a[href], summary")].filter((stop) => stop.checkVisibility());
    if (!stops.length) return false;
    stops[0].focus();
    return true;
  }

  // The browser opens, closes by Esc or a click outside, and gives the focus back.
  function bind() {
    const bell = document.getElementById("chat-bell");
    if (bell && isPopover()) bell.setAttribute("popovertarget", "chat-drawer");
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#chat-bell") || isPopover()) return;
    // On a narrow screen an open thread hides the list.
    if (!drawer() || !enter()) location.assign("/chats");
  });

  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target !== drawer() || !isPopover()) return;
      const isOpen = event.newState === "open";
      document.getElementById("chat-bell").setAttribute("aria-expanded", String(isOpen));
      if (isOpen) enter();
    },
    true,
  );

  document.addEventListener("DOMContentLoaded", bind);
  document.addEventListener("htmx:after:swap", bind);
})();
