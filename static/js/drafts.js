// Half-written replies and notes, kept per agent and case until they are sent, and other words for a message until they
// are saved. What was written as a note is never put before somebody as a reply.
(() => {
  "use strict";

  const deskbell = window.deskbell;

  const keyOf = (caseId, isNote) =>
    `deskbell.draft.${document.body.dataset.agent}.${caseId}${isNote ? ".note" : ""}`;
  const openCase = () => document.getElementById("conversation")?.dataset.case;
  const field = () => document.querySelector("#conversation .composer textarea");
  const kept = (caseId, isNote) => localStorage.getItem(keyOf(caseId, isNote)) || "";
  const joined = (...texts) => texts.filter(Boolean).join("\n");

  function keep(caseId, text, isNote) {
    if (text.trim()) localStorage.setItem(keyOf(caseId, isNote), text);
    else localStorage.removeItem(keyOf(caseId, isNote));
  }

  /** What one agent was writing is not left to the next who signs in here. */
  function forgetOthers() {
    const isOthers = (key) => key.startsWith("deskbell.draft.") && !key.startsWith(keyOf("", false));
    if (!document.body.dataset.agent) return;
    for (const key of Object.keys(localStorage).filter(isOthers)) localStorage.removeItem(key);
  }

  function put(text) {
    field().value = text;
    field().dispatchEvent(new CustomEvent("deskbell:filled", { bubbles: true }));
  }

  function restore() {
    if (!openCase() || !field() || field().value) return;
    if (!kept(openCase(), false) && kept(openCase(), true)) deskbell.notes.turn(true);
    const text = kept(openCase(), deskbell.notes.isOn());
    if (text) put(text);
  }

  function showReason(reason) {
    document.querySelector("#conversation .composer-error").textContent = reason;
  }

  deskbell.drafts = {
    ofCorrection: (messageId) => kept(messageId, false),
    keepCorrection: (messageId, text) => keep(messageId, text, false),
    clear(caseId, isNote) {
      keep(caseId, "", isNote);
      showReason("");
    },
    /** What is being written becomes a note or a reply, behind what was kept as such. */
    move(caseId, isNote) {
      const both = joined(kept(caseId, isNote), field().value);
      keep(caseId, "", !isNote);
      keep(caseId, both, isNote);
      put(both);
    },
    /** Puts a text that could not be sent before what is being written now. */
    giveBack(caseId, text, reason, isNote) {
      const isOpen = caseId === openCase() && Boolean(field());
      const isShown = isOpen && deskbell.notes.isOn() === isNote;
      const both = joined(text, isShown ? field().value : kept(caseId, isNote));
      keep(caseId, both, isNote);
      // Who is about to write the other kind goes on with it; this one waits for them.
      if (isShown || (isOpen && !(reason && field().value))) {
        deskbell.notes.turn(isNote);
        put(both);
      }
      if (isOpen) showReason(reason);
      else if (reason) deskbell.toast(reason, "error");
    },
  };

  document.addEventListener("input", (event) => {
    if (event.target !== field()) return;
    keep(openCase(), field().value, deskbell.notes.isOn());
    showReason("");
  });
  document.addEventListener("deskbell:opened", restore);
  document.addEventListener("DOMContentLoaded", forgetOthers);
})();
