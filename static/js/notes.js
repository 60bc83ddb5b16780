// Reply or note: what the reply box writes, and to whom. Whoever may not answer writes notes alone.
(() => {
  "use strict";

  const deskbell = window.deskbell;

  const composer = () => document.querySelector("#conversation .composer");
  const field = () => composer().querySelector("textarea");
  const bar = () => document.querySelector("#conversation .chat-bar");

  const isOn = () => composer()?.dataset.mode === "note";

  /** By the access level, which stands in the form, and by the status of the moment. */
  function mayAnswer() {
    const status = document.getElementById("own-status");
    return composer().dataset.mayAnswer === "1" && status?.dataset.chats === "handle";
  }

  const isTaken = () => bar()?.dataset.active === "1" && bar().dataset.holder === "other";

  /** Whoever may not answer writes a note; back in a status that answers, they go on with what they were writing. */
  function choose({ dataset }, may) {
    if (!may && dataset.mode === "reply") Object.assign(dataset, { mode: "note", until: "status" });
    else if (may && dataset.until) {
      dataset.mode = "reply";
      delete dataset.until;
    }
  }

  function say(form, isNote) {
    for (const one of form.querySelectorAll("[data-in-note]")) {
      const words = isNote ? one.dataset.inNote : one.dataset.inReply;
      if (one.textContent !== words) one.textContent = words;
    }
    const described = [".composer-error", ...(isNote ? [".composer-mode"] : [])];
    field().setAttribute("aria-describedby", described.map((part) => form.querySelector(part).id).join(" "));
    field().placeholder = isNote ? field().dataset.placeholderNote : field().dataset.placeholderReply;
  }

  function show() {
    const form = composer();
    if (!form) return;
    const may = mayAnswer();
    choose(form, may);
    say(form, isOn());
    form.toggleAttribute("data-notes-only", !may);
    form.querySelector(".composer-toggle").hidden = !may;
    form.querySelector(".composer-toggle").setAttribute("aria-pressed", String(isOn()));
    form.querySelector("fieldset").disabled = !isOn() && isTaken();
  }

  function turn(on) {
    if (!composer() || on === isOn()) return;
    composer().dataset.mode = on ? "note" : "reply";
    show();
  }

  /** Goes over to the other kind and takes along what is written. */
  function toggle() {
    const wanted = !isOn();
    deskbell.drafts.move(composer().dataset.case, wanted);
    turn(wanted);
    deskbell.focusComposer();
  }

  deskbell.notes = {
    isOn,
    turn,
    /** Begins a note, or goes on with it. */
    begin() {
      if (!composer()) return;
      if (!isOn()) toggle();
      else deskbell.focusComposer();
    },
    /** Back to the answer, for those who may give one. */
    leave() {
      if (isOn() && mayAnswer() && !isTaken()) toggle();
      else deskbell.focusComposer();
    },
  };

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#conversation .composer-toggle")) return;
    event.preventDefault();
    toggle();
  });
  document.addEventListener("htmx:after:swap", show);
  document.addEventListener("DOMContentLoaded", show);
})();
