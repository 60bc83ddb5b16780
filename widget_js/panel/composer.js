/*
 * The form: who writes, the first time, and what they write. A draft lives as long as its tab. While nobody is there it
 * is the offline form, in the same fields: what was typed stays when that changes.
 */

const LONGEST_TEXT = 10000;
const LARGEST_FILE = 25 * 1024 * 1024;
const LARGEST_TOGETHER = 50 * 1024 * 1024;
const MOST_FILES = 5;
const EMAIL = /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/;
const TYPING_EVERY = 3000;

class Composer {
  constructor(page, tabStorage, { visitor, onSend, onTyping }) {
    Object.assign(this, { page, tabStorage, onSend, onTyping });
    this.texts = page.config.texts;
    this.files = [];
    this.typedAt = 0;
    this.build();
    this.showVisitor(visitor);
    this.text.value = tabStorage.get("draft") ?? "";
  }

  build() {
    const { texts } = this;
    this.name = el("input", { id: "name", dir: "auto", autocomplete: "name", maxlength: 200, required: true });
    this.email = el("input", { id: "email", type: "email", autocomplete: "email", maxlength: 254 });
    const asked = { placeholder: texts.placeholder, "aria-label": texts.message };
    this.text = el("textarea", { id: "text", rows: 1, dir: "auto", ...asked });
    this.picker = el("input", { type: "file", multiple: true, hidden: true, tabindex: -1, "aria-label": texts.attach });
    this.attach = el("button", { type: "button", class: "quiet", "aria-label": texts.attach, title: texts.attach });
    this.submit = el("button", { type: "submit", class: "send", "aria-label": texts.send, title: texts.send });
    this.attach.append(this.page.icon(CLIP));
    this.submit.append(this.page.icon(ARROW), el("span", {}, texts.send_form));
    this.who = el("div", { class: "who" }, this.field(this.name, texts.name), this.field(this.email, texts.email));
    this.chosen = el("ul", { class: "chosen" });
    this.problem = el("p", { class: "problem", id: "problem", role: "alert" });
    this.row = el("div", { class: "row" }, this.attach, this.picker, this.text, this.submit);
    this.element = el("form", { class: "composer", novalidate: true }, this.who, this.chosen, this.problem, this.row);
    this.listen();
  }

  field(input, label) {
    return el("p", { class: "field" }, el("label", { for: input.id }, label), input);
  }

  listen() {
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.text.addEventListener("keydown", (event) => {
      if (this.isForm || event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.send();
    });
    this.text.addEventListener("input", () => this.wasTyped());
    this.attach.addEventListener("click", () => this.picker.click());
    this.picker.addEventListener("change", () => this.choose([...this.picker.files]));
  }

  /* Ask who writes, unless that is known. */
  showVisitor(visitor) {
    this.name.value = visitor.name ?? "";
    this.email.value = visitor.email ?? "";
    this.isKnown = Boolean(visitor.name);
    this.who.hidden = this.isKnown && !this.isForm;
  }

  get isForm() {
    return this.mode === "form";
  }

  /* "chat", the offline "form", or "none". */
  become(mode) {
    if (mode === this.mode) return;
    this.mode = mode;
    const { texts, isForm, page } = this;
    const focused = this.element.contains(page.root.activeElement);
    const label = isForm ? texts.send_form : texts.send;
    this.element.hidden = mode === "none";
    this.element.classList.toggle("form", isForm);
    this.attach.hidden = this.chosen.hidden = isForm;
    this.who.hidden = this.isKnown && !isForm;
    this.email.labels[0].textContent = isForm ? texts.your_email : texts.email;
    for (const name of ["aria-label", "title"]) this.submit.setAttribute(name, label);
    this.complain("");
    this.fit();
    if (focused && !page.root.activeElement?.getClientRects().length) this.focus();
  }

  wasTyped() {
    this.complain("");
    this.tabStorage.set("draft", this.text.value);
    this.fit();
    if (!this.text.value || Date.now() - this.typedAt < TYPING_EVERY) return;
    this.typedAt = Date.now();
    this.onTyping();
  }

  /* As high as its words, up to what the style sheet allows. */
  fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight + 2}px`;
  }

  /* Take the files that fit and say of the others why they do not. */
  choose(files) {
    this.picker.value = "";
    const problems = new Set();
    for (const file of files) {
      const problem = this.objection(file);
      if (problem) problems.add(problem);
      else this.files.push(file);
    }
    this.complain([...problems].join("\n"));
    this.showFiles();
  }

  objection({ name, size }) {
    const { texts } = this;
    if (size > LARGEST_FILE) return fill(texts.file_large, { name });
    if (size === 0) return fill(texts.file_empty, { name });
    if (this.files.length === MOST_FILES) return texts.files_many;
    const together = this.files.reduce((sum, file) => sum + file.size, size);
    return together > LARGEST_TOGETHER ? texts.files_large : "";
  }

  showFiles() {
    this.chosen.replaceChildren(
      ...this.files.map((file) => {
        const label = fill(this.texts.remove, { name: file.name });
        const remove = el("button", { type: "button", "aria-label": label, title: label }, this.page.icon(CROSS));
        remove.addEventListener("click", () => {
          this.files = this.files.filter((other) => other !== file);
          this.showFiles();
          this.text.focus();
        });
        return el("li", { class: "file" }, el("span", { class: "file-name", dir: "auto" }, file.name), remove);
      }),
    );
  }

  send() {
    const words = { text: this.text.value.trim(), name: this.name.value.trim(), email: this.email.value.trim() };
    const wrong = this.firstMistake(words);
    // The second of two clicks has nothing left to send.
    if (wrong && Date.now() - this.sentAt < 1000) return undefined;
    if (wrong) return this.complain(wrong.text, wrong.input);
    this.sentAt = Date.now();
    this.onSend({ ...words, form: this.isForm, files: this.isForm ? [] : this.files });
    if (!this.isForm) this.files = [];
    this.typedAt = 0;
    this.text.value = "";
    this.tabStorage.remove("draft");
    this.complain("");
    this.showFiles();
    this.fit();
    this.text.focus();
  }

  firstMistake({ text, name, email }) {
    const { texts } = this;
    const isAsked = !this.who.hidden;
    const isAddress = EMAIL.test(email) || !(email || this.isForm);
    if (isAsked && !name) return { input: this.name, text: texts.name_missing };
    if (isAsked && !isAddress) return { input: this.email, text: texts.email_wrong };
    if (!text && (this.isForm || !this.files.length)) return { input: this.text, text: texts.message_missing };
    const values = { most: LONGEST_TEXT, given: text.length };
    return text.length > LONGEST_TEXT ? { input: this.text, text: fill(texts.message_long, values) } : null;
  }

  complain(text, input) {
    if (input?.closest(".field")) input.after(this.problem);
    else this.row.before(this.problem);
    this.problem.textContent = text;
    for (const one of [this.name, this.email, this.text]) {
      for (const [name, value] of [["aria-invalid", "true"], ["aria-describedby", "problem"]]) {
        if (one === input) one.setAttribute(name, value);
        else one.removeAttribute(name);
      }
    }
    input?.focus();
  }

  focus() {
    if (this.element.hidden) this.element.parentNode.focus();
    else (this.who.hidden || this.name.value ? this.text : this.name).focus();
  }
}
