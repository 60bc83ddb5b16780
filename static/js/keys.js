// Keys for those who work without the mouse. Shown by "?", in menus and in tooltips.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const OFF = "deskbell.keys.off";
  const SEQUENCE_MS = 1500;

  let afterG = 0; // until when a key counts as the second of "g …"

  const rows = () => deskbell.chatList.rows();
  const press = (selector) => {
    const button = [...document.querySelectorAll(selector)].find((each) => each.checkVisibility() && !each.disabled);
    if (button) button.click();
  };

  function open(row, place) {
    const link = row && row.querySelector("a[href]");
    if (!link) return;
    deskbell.focusAfterOpening(place);
    link.click();
  }

  function step(by) {
    const all = rows();
    const here = all.findIndex(deskbell.chatList.isOpen);
    open(here < 0 ? all[by > 0 ? 0 : all.length - 1] : all[here + by], "row");
  }

  /** The chat below the open one, and on from the top, that waits for us. */
  deskbell.openNextWaiting = () => {
    const all = rows();
    const here = all.findIndex(deskbell.chatList.isOpen);
    const others = [...all.slice(here + 1), ...all.slice(0, Math.max(here, 0))];
    const waits = (row) => {
      const section = deskbell.chatList.sectionOf(row);
      return section === "new" || (section === "mine" && Number(row.dataset.unread) > 0);
    };
    open(others.find(waits), "composer");
  };

  const ACTIONS = {
    "?": () => deskbell.openDialog("help"),
    j: () => step(1),
    k: () => step(-1),
    t: () => press('.chat-bar [data-act="take"] button, .chat-bar [data-act="takeover"] button'),
    e: () => press('.chat-bar [data-act="end"]'),
    r: () => deskbell.notes.leave(),
    n: () => deskbell.notes.begin(),
    g: () => {
      afterG = performance.now() + SEQUENCE_MS;
    },
    "g c": () => location.assign("/chats"),
    "g a": () => location.assign("/cases"),
  };

  /** The letter on the key, also where the layout has no Latin ones. */
  function letterOf(event) {
    if (/^[a-z?]$/i.test(event.key)) return event.key.toLowerCase();
    return event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : "";
  }

  function nameOf(event) {
    const letter = letterOf(event);
    if (event.shiftKey && letter !== "?") return "";
    const name = performance.now() < afterG ? `g ${letter}` : letter;
    afterG = 0;
    return name;
  }

  function isBusy(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
    if (event.target.closest("input, textarea, select, [contenteditable]") || localStorage.getItem(OFF)) return true;
    return Boolean(document.querySelector("dialog[open]"));
  }

  function leaveField(event) {
    if (event.key === "Escape" && !event.isComposing && event.target.matches("#conversation .composer textarea")) {
      deskbell.focusHeading();
    }
  }

  document.addEventListener("keydown", (event) => {
    leaveField(event);
    if (isBusy(event)) return;
    const action = ACTIONS[nameOf(event)];
    if (!action) return;
    event.preventDefault();
    action();
  });

  // Single keys get in the way of speech input; the help dialog can switch them off.
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-keys-on]")) return;
    if (event.target.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll("[data-keys-on]")) box.checked = !localStorage.getItem(OFF);
  });
})();
