// Half-written replies, kept per agent and case until they are sent.
(() => {
  "use strict";

  const deskbell = window.deskbell;

  const keyOf = (caseId) => `deskbell.draft.${document.body.dataset.agent}.${caseId}`;
  const openCase = () => document.getElementById("conversation")?.dataset.case;
  const field = () => document.querySelector("#conversation .composer textarea");

  function keep(caseId, text) {
    if (text.trim()) localStorage.setItem(keyOf(caseId), text);
    else localStorage.removeItem(keyOf(caseId));
  }

  function put(text) {
    field().value = text;
    field().dispatchEvent(new CustomEvent("deskbell:filled", { bubbles: true }));
  }

  function restore() {
    const text = openCase() && localStorage.getItem(keyOf(openCase()));
    if (text && field() && !field().value) put(text);
  }

  function showReason(reason) {
    document.querySelector("#conversation .composer-error").textContent = reason;
  }

  deskbell.drafts = {
    clear(caseId) {
      keep(caseId, "");
      showReason("");
    },
    /** Puts a text that could not be sent before what is being written now. */
    giveBack(caseId, text, reason) {
      const isOpen = caseId === openCase() && field();
      const present = isOpen ? field().value : localStorage.getItem(keyOf(caseId)) || "";
      const both = [text, present].filter(Boolean).join("\n");
      keep(caseId, both);
      if (isOpen) {
        put(both);
        showReason(reason);
      } else if (reason) deskbell.toast(reason, "error");
    },
  };

  document.addEventListener("input", (event) => {
    if (event.target !== field()) return;
    keep(openCase(), field().value);
    showReason("");
  });
  document.addEventListener("deskbell:opened", restore);
})();
