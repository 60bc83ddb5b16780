/* What is said while nobody is there. Whose chat is under way may leave an address. */

class Away {
  constructor(texts, keep) {
    Object.assign(this, { texts, keep });
    this.said = el("p", { role: "status" });
    this.email = el("input", { id: "reach", type: "email", autocomplete: "email", maxlength: 254 });
    this.email.setAttribute("aria-describedby", "reach-problem");
    this.problem = el("p", { class: "wrong", id: "reach-problem", role: "alert" });
    const label = el("label", { for: "reach" }, texts.away_reach);
    const row = el("div", { class: "row" }, this.email, el("button", { type: "submit", class: "save" }, texts.save));
    this.form = el("form", { novalidate: true }, label, row, this.problem);
    this.element = el("div", { class: "away" }, this.said, this.form);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  show(text, asks) {
    write(this.said, text);
    this.form.hidden = !asks;
  }

  async send() {
    const email = this.email.value.trim();
    const isRight = EMAIL.test(email);
    this.problem.textContent = isRight ? "" : this.texts.email_wrong;
    if (!isRight) return this.email.focus();
    try {
      await this.keep(email);
    } catch (error) {
      this.problem.textContent = error.message || this.texts.not_sent;
    }
  }
}
