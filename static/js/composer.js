// The reply box: Enter sends, Shift+Enter breaks the line, it grows with the text and tells others that we write.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const TYPING_EVERY_MS = 3000;

  const isReplyBox = (element) => element.matches("#conversation .composer textarea");
  const replyBox = () => document.querySelector("#conversation .composer textarea");
  const openCase = () => document.getElementById("conversation").dataset.case;

  /** A random id; randomUUID is missing on pages that are not secure. */
  deskbell.newId = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  function fit(field) {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
  }

  /** Says why this text cannot be sent, if it cannot. The limits stand on the field; a reply's is the channel's. */
  function refuse(field, text) {
    const { longest, longestNote, textLong } = field.dataset;
    const most = deskbell.notes.isOn() ? longestNote : longest;
    const given = [...text].length;
    if (!(given > Number(most))) return false;
    field.form.querySelector(".composer-error").textContent = deskbell.fill(textLong, { most, given });
    field.setAttribute("aria-invalid", "true");
    return true;
  }

  /** Hands what is written to the outbox; tells whether there was anything. */
  function send() {
    const field = replyBox();
    const text = field.value.trim();
    if (field.matches(":disabled") || refuse(field, text)) return false;
    const files = deskbell.attachments.take(openCase());
    if (!text && !files.length) return false;
    const isNote = deskbell.notes.isOn();
    deskbell.outbox.add(openCase(), text, files, isNote);
    field.value = "";
    fit(field);
    deskbell.drafts.clear(openCase(), isNote);
    deskbell.goToEnd();
    return true;
  }

  const toldAt = new Map(); // case → when others were last told that we write

  /** A customer does not learn that we write a note; colleagues do. */
  function tellOthers(caseId) {
    if (performance.now() - (toldAt.get(caseId) || -TYPING_EVERY_MS) < TYPING_EVERY_MS) return;
    toldAt.set(caseId, performance.now());
    if (deskbell.notes.isOn()) deskbell.here.writing();
    else deskbell.post(`/chats/${caseId}/typing`).catch(() => {}); // not worth a word
  }

  function pressed(event) {
    if (!isReplyBox(event.target) || event.key !== "Enter" || event.shiftKey || event.altKey) return;
    if (event.isComposing || event.keyCode === 229) return; // Enter that ends an input method's word
    event.preventDefault();
    const isSent = send();
    if ((event.ctrlKey || event.metaKey) && isSent) deskbell.openNextWaiting();
  }

  document.addEventListener("keydown", pressed);
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("#conversation .composer")) return;
    event.preventDefault();
    send();
    deskbell.focusComposer();
  });
  document.addEventListener("input", (event) => {
    if (!isReplyBox(event.target)) return;
    fit(event.target);
    event.target.removeAttribute("aria-invalid");
    if (event.target.value.trim()) tellOthers(openCase());
  });
  document.addEventListener("deskbell:filled", (event) => fit(event.target));
})();
