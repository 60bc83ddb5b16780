// The bell. Over any page it opens the list of chats (the browser's popover); on /chats it leads to the list there.
(() => {
  "use strict";

  const drawer = () => document.getElementById("chat-drawer");
  const isPopover = () => Boolean(drawer()) && drawer().hasAttribute("popover");

  /** Puts the focus on the first chat; tells whether the list can be seen. */
  function enter() {
    const stops = [...drawer().querySelectorAll(".chat-row a"), ...drawer().querySelectorAll("summary")];
    const first = stops.find((stop) => stop.checkVisibility());
    if (first) first.focus();
    return Boolean(first);
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
})();
