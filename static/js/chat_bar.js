// Whose chat it is: the bar under the thread is the same for everyone, this says what it means for us.
(() => {
  "use strict";

  function holderOf({ owner }) {
    if (!Number(owner)) return "nobody";
    return owner === document.body.dataset.agent ? "me" : "other";
  }

  function show() {
    const conversation = document.getElementById("conversation");
    const bar = conversation && conversation.querySelector(".chat-bar");
    if (!bar) return;
    bar.dataset.holder = holderOf(bar.dataset);
    conversation.dataset.holder = bar.dataset.holder;
    conversation.dataset.active = bar.dataset.active;
  }

  document.addEventListener("htmx:after:swap", show);
  document.addEventListener("DOMContentLoaded", show);
})();
