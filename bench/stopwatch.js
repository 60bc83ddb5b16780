/* When words were sent and when they stood in the page, by the machine's clock in milliseconds. */
(() => {
  "use strict";

  const MARK = /mark-[0-9a-z-]+-end/g;
  const PATIENCE_MS = 15000;
  const seen = { said: new Map(), listed: new Map() };
  const waiting = [];
  let skew = -Infinity;

  /* performance.timeOrigin differs a little from page to page; Date.now() does not, but ticks in whole milliseconds. */
  for (const end = performance.now() + 20; performance.now() < end; ) {
    skew = Math.max(skew, Date.now() - performance.timeOrigin - performance.now());
  }
  const now = () => performance.timeOrigin + performance.now() + skew;

  function note(where, node, at) {
    for (const [mark] of node.textContent.matchAll(MARK)) {
      if (!seen[where].has(mark)) seen[where].set(mark, at);
    }
  }

  function look(records) {
    const at = now();
    for (const { addedNodes, target } of records) {
      const place = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
      if (place?.closest("[role=log]")) addedNodes.forEach((node) => note("said", node, at));
      else if (place?.closest("#chat-drawer")) addedNodes.forEach((node) => note("listed", node, at));
    }
    for (const check of [...waiting]) check();
  }

  window.stopwatch = {
    sentAt: 0,
    /* Watch the page, or the widget in it. */
    watch() {
      const root = document.querySelector("deskbell-widget")?.shadowRoot ?? document.body;
      new MutationObserver(look).observe(root, { childList: true, subtree: true });
    },
    /* When this mark first stood there, whether that is over or still to come. */
    seenAt([where, mark]) {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (!seen[where].has(mark)) return;
          waiting.splice(waiting.indexOf(check), 1);
          resolve(seen[where].get(mark));
        };
        waiting.push(check);
        check();
        setTimeout(() => reject(new Error(`${mark} did not come`)), PATIENCE_MS);
      });
    },
  };

  window.addEventListener("keydown", (event) => event.key === "Enter" && (window.stopwatch.sentAt = now()), true);
})();
