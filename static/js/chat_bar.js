// Whose chat it is: the bar under the thread is the same for everyone, this tells the page what it means for us.
(() => {
  "use strict";

  const STATES = ["new", "mine", "others", "ended"];
  const COMPOSER_PARTS = ".composer textarea, .composer button, .composer input[type='file']";

  function stateOf({ active, owner }) {
    if (active !== "1") return "ended";
    if (!Number(owner)) return "new";
    return owner === document.body.dataset.agent ? "mine" : "others";
  }

  function show() {
    const conversation = document.getElementById("conversation");
    const bar = conversation && conversation.querySelector(".chat-bar");
    if (!bar) return;
    const state = stateOf(bar.dataset);
    for (const name of STATES) {
      if (name === state) conversation.setAttribute(`data-${name}`, "1");
      else conversation.removeAttribute(`data-${name}`);
    }
    for (const part of conversation.querySelectorAll(COMPOSER_PARTS)) part.disabled = state === "others";
  }

  document.addEventListener("htmx:after:swap", show);
  document.addEventListener("DOMContentLoaded", show);
})();
