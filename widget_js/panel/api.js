/* The desk's addresses. The token goes into a header, never into an address. */

const ANSWER_WITHIN = 15000;
const UPLOAD_WITHIN = 180000;
const JSON_TYPE = { "Content-Type": "application/json" };

class ApiError extends Error {
  constructor(status, message, field = "", retryAfter = 0) {
    super(message);
    this.status = status;
    this.field = field;
    this.retryAfter = retryAfter;
  }

  /* Whether the same request cannot succeed later. */
  get isFinal() {
    return this.status >= 400 && this.status < 500 && ![401, 403, 408, 425, 429].includes(this.status);
  }
}

class Api {
  constructor(page, storage) {
    this.page = page;
    this.storage = storage;
  }

  /* Whether this browser has written before. */
  get isKnown() {
    return this.storage.get("token") !== null;
  }

  get proof() {
    return this.isKnown ? { Authorization: `Bearer ${this.storage.get("token")}` } : {};
  }

  /* What the desk offers; all that one who has never written has to know. */
  state() {
    return this.request("GET", "state");
  }

  chat(cursor) {
    return this.request("GET", "chat", { query: { after: cursor } });
  }

  ticket() {
    return this.request("POST", "ticket");
  }

  leaveAddress(email) {
    return this.request("POST", "contact", { headers: JSON_TYPE, body: JSON.stringify({ email }) });
  }

  typing() {
    return this.request("POST", "typing");
  }

  send(item, files) {
    if (!this.isKnown) this.storage.set("token", randomWord(32));
    const about = {
      client_id: item.id,
      text: item.text,
      name: item.name,
      email: item.email,
      language: navigator.language,
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    };
    const here = { url: location.href.split("#")[0], title: document.title };
    if (!files.length) {
      const what = item.form ? "form" : "messages";
      return this.request("POST", what, { headers: JSON_TYPE, body: JSON.stringify({ ...about, page: here }) });
    }
    const form = new FormData();
    const fields = { ...about, page_url: here.url, page_title: here.title };
    for (const [name, value] of Object.entries(fields)) form.append(name, value ?? "");
    for (const file of files) form.append("files", file, file.name);
    return this.request("POST", "messages", { body: form, within: UPLOAD_WITHIN });
  }

  socketAddress(ticket) {
    return `${this.page.origin.replace(/^http/, "ws")}/widget/live?ticket=${encodeURIComponent(ticket)}`;
  }

  fileAddress(url) {
    return new URL(url, this.page.origin).href;
  }

  async request(method, what, { query = {}, headers = {}, body, within = ANSWER_WITHIN } = {}) {
    const asked = new URLSearchParams({ ...query, lang: this.page.config.lang });
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), within);
    try {
      const answer = await fetch(`${this.page.origin}/widget/${this.page.key}/${what}?${asked}`, {
        method,
        body,
        headers: { ...headers, ...this.proof, Accept: "application/json" },
        credentials: "omit",
        cache: "no-store",
        signal: patience.signal,
      });
      if (!answer.ok) throw await this.failure(answer);
      return answer.status === 204 ? null : await answer.json();
    } finally {
      clearTimeout(timer);
    }
  }

  async failure(answer) {
    const said = await answer.json().catch(() => ({}));
    const seconds = Number(answer.headers.get("Retry-After")) || 0;
    return new ApiError(answer.status, said.error ?? "", said.field, seconds * 1000);
  }
}
