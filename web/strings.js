// Every word of the page, in English and German. A value may be a function of what it speaks about.

const en = {
  studio: "Creative Studio",
  nav: { create: "Create", jobs: "Library", account: "Account", operator: "Operations" },
  skip: "Skip to content",
  theme: "Light or dark",
  language: "Deutsch",
  languageTitle: "Seite auf Deutsch zeigen",
  credits: (n) => `${num(n)} ${n === 1 ? "credit" : "credits"}`,
  free: "Free",
  loading: "Loading",
  close: "Close",
  cancel: "Cancel",
  again: "Try again",
  more: "Show more",
  copied: "Copied",
  copy: "Copy",
  offline: "You are offline. What runs goes on; this page catches up when you are back.",
  live: "Live: changes show as they happen",
  notLive: "Asking every few seconds",
  sign: {
    up: "Create an account",
    in: "Sign in",
    out: "Sign out",
    upLead: "50 credits to start with. No card.",
    inLead: "Good to see you again.",
    email: "E-mail",
    password: "Password",
    passwordHint: "At least 8 characters",
    emailWrong: "Please enter a whole address, such as name@example.com.",
    passwordShort: "Please use at least 8 characters.",
    name: "Name",
    optional: "optional",
    toIn: "I have an account",
    toUp: "I am new here",
    forgot: "Forgot your password?",
    forgotLead: "We send you a link to choose a new one.",
    send: "Send the link",
    sent: "If there is an account with this address, a mail is on its way.",
    check: "Look into your mail: a link there, and the password you just chose, open your account.",
    verify: "Confirm your address",
    verifyLead: "Enter the password that you chose when you asked for the account.",
    verifyDo: "Open the account",
    verifyWrong: "This is not the password this mail was asked for with. Open another of our mails, or register once more.",
    stale: "This link was used before, or is too old. Ask for another mail.",
    reset: "Choose a new password",
    resetLead: "All API keys and callback endpoints end with the old one.",
    resetDone: "Your password is changed. Sign in with it.",
    expired: "Your session has ended. Sign in to go on where you were.",
    heroTitle: "Say it. See it. Keep it.",
    heroLead: "Pictures, people, lessons and films from a few words. Draft everything for free, pay only for what you keep.",
  },
  create: {
    title: "What do you want to make?",
    from: (n, unit) => `${num(n)} ${n === 1 ? "credit" : "credits"} per ${unit}`,
    more: "More options",
    draft: "Free draft",
    draftHint: "A quick sketch with a mark, to see where it goes",
    make: (cost) => `Make it for ${num(cost)} ${cost === 1 ? "credit" : "credits"}`,
    makeHint: (balance) => `You have ${num(balance)}`,
    short: "Not enough credits",
    buy: "Buy credits",
    example: "Fill in an example",
    fix: "Some fields need another look.",
    missing: { text: "Please fill this in.", choice: "Please choose one.", tick: "Please tick this.", picture: "Please choose a picture." },
    either: (names) => `Please fill in ${either(names)}.`,
    unset: "Choose for me",
    add: "Add",
    remove: "Remove",
    signFirst: "Sign in to make it",
    unknown: "There is no such feature.",
    all: "All features",
    price: "Price",
  },
  upload: {
    drop: "Drop a picture here",
    choose: "Choose a picture",
    hint: "JPEG, PNG or WebP, up to 20 MB",
    sample: "Use the sample",
    replace: "Replace",
    sending: "Sending",
    type: "must be a JPEG, PNG or WebP picture",
    size: "must be smaller than 20 MB",
    failed: "could not be sent. Try again.",
  },
  jobs: {
    title: "Library",
    all: "Everything",
    empty: "Nothing here yet",
    emptyLead: "What you make is kept here for 30 days.",
    emptyFilter: "Nothing of this kind.",
    first: "Make something",
    draft: "Draft",
  },
  status: { pending: "Waiting", processing: "Working", completed: "Done", failed: "Failed", cancelled: "Cancelled" },
  stage: {
    queued: "Waiting for a worker", starting: "Getting ready", illustrate: "Drawing", encode: "Saving the pictures",
    upload: "Storing the files", narrate: "Speaking", music: "Composing", scene: "Filming scenes", shot: "Filming shots",
    sign: "Signing the files", look: "Looking at the photos", fit: "Fitting the garment", wear: "Dressing", done: "Done",
  },
  job: {
    queue: (n) => (n === 1 ? "Next in line" : `${num(n - 1)} before it`),
    ready: (s) => `ready in about ${duration(s)}`,
    step: (a, b) => `${num(a)} of ${num(b)}`,
    cancel: "Cancel",
    cancelled: (n) => (n ? `Cancelled. ${num(n)} ${n === 1 ? "credit is" : "credits are"} back.` : "Cancelled."),
    refunded: (n) => `${num(n)} ${n === 1 ? "credit is" : "credits are"} back on your balance.`,
    failed: "This did not work",
    noCharge: "Nothing was charged.",
    rerun: "Make again",
    variation: "Variation",
    keep: "Make the full version",
    edit: "Change and make again",
    person: "Same person again",
    download: "Download",
    downloadAll: "Files",
    link: "Copy link",
    linked: (when) => `Link copied. It works until ${when}.`,
    delete: "Delete",
    deleteAsk: "Delete this and its files?",
    deleteLead: "That cannot be undone. Your ledger stays as it is.",
    deleted: "Deleted",
    justEnded: "It ended a moment ago. Wait half a minute, then delete it.",
    before: "Before",
    after: "After",
    slider: "Compare before and after",
    storyboard: "Storyboard",
    scene: (n) => `Scene ${num(n)}`,
    shot: (n) => `Shot ${num(n)}`,
    order: "What was ordered",
    facts: "How it was made",
    cost: "Price",
    paid: (n) => (n ? `${num(n)} ${n === 1 ? "credit" : "credits"}` : "Free"),
    engine: "Engine",
    model: "Model",
    licence: "Licence",
    seeds: "Seeds",
    took: "Took",
    made: "Made",
    kept: "Kept until",
    attempts: "Attempts",
    notes: "Notes",
    gone: "This is not here any more.",
    open: "Open larger",
    next: "Next",
    previous: "Previous",
    captionsLabel: "Captions",
    play: "Play the video",
    fromHere: (at) => `Play from ${at}`,
  },
  toast: {
    completed: ({ name }) => `${name} is done`,
    failed: ({ name }) => `${name} did not work`,
    cancelled: ({ name }) => `${name} was cancelled`,
  },
  account: {
    tabs: { credits: "Credits", keys: "API keys", webhooks: "Webhooks", profile: "Profile" },
    balance: "Balance",
    held: (n) => `${num(n)} more held by work under way`,
    buy: "Buy credits",
    perCredit: (price) => `${price} each`,
    buying: "Opening the payment page",
    bought: (n) => `${num(n)} credits are yours.`,
    buyStates: {
      open: "Not paid for.", processing: "The money is on its way; the credits follow.", paid: "Paid.",
      refunded: "Refunded.", disputed: "Disputed.", failed: "The payment failed.", expired: "The checkout has expired.",
      review: "We are looking at this payment.",
    },
    usage: "Spent in the last 14 days",
    usageNone: "Nothing spent in the last 14 days.",
    transactions: "Transactions",
    invoice: "Invoice",
    date: "Date", what: "What", amount: "Credits", after: "Balance",
    kinds: {
      signup: "Welcome credits", hold: "Order", refund: "Refund", purchase: "Purchase", revoke: "Taken back",
      restore: "Given back", grant: "Gift",
    },
    keysLead: "For programs. A key can do what you tick, and never buy or change your account.",
    newKey: "New key",
    keyName: "What is it for?",
    keyScopes: "It may",
    scopes: {
      "jobs:read": "see jobs and files", "jobs:write": "make, cancel and delete", "uploads:write": "upload pictures",
      "webhooks:manage": "manage webhooks", "billing:read": "see balance and purchases", "account:read": "see the profile",
    },
    makeKey: "Make the key",
    once: "Copy it now. It is not shown again.",
    noKeys: "No keys yet.",
    used: (when) => `used ${when}`,
    unused: "never used",
    deleteKey: "Delete key",
    hooksLead: "We call your address when something has happened, and sign every call.",
    newHook: "New endpoint",
    hookUrl: "Address",
    hookEvents: "Call it for",
    makeHook: "Add the endpoint",
    noHooks: "No endpoints yet.",
    test: "Send a test",
    testSent: "A test is on its way",
    on: "On", off: "Off",
    enable: "Switch on", disable: "Switch off",
    deleteHook: "Delete endpoint",
    deliveries: "Deliveries",
    noDeliveries: "Nothing was sent yet.",
    replay: "Send again",
    states: { pending: "on its way", delivered: "delivered", dead: "given up" },
    answered: (status) => `answered ${status}`,
    attempts: (n) => `${num(n)} ${n === 1 ? "attempt" : "attempts"}`,
    profile: "Profile",
    save: "Save",
    saved: "Saved",
    passwordTitle: "Change password",
    current: "Current password",
    fresh: "New password",
    change: "Change",
    passwordChanged: "Your password is changed; other devices are signed out.",
    devices: "Sign out everywhere",
    export: "Download my data",
    closeAccount: "Close the account",
    closeLead: "Work under way is refunded, files and keys go, credits that are left are lost. That cannot be undone.",
    closed: "Your account is closed.",
  },
  operator: {
    title: "Operations",
    lead: "How the studio runs",
    at: (time) => `As of ${time}; looks again every 15 seconds`,
    period: "Period",
    days: (n) => (n === 1 ? "Today" : `${num(n)} days`),
    stale: "This is from the last look.",
    waits: (n) => `${n} waiting`,
    atLeast: (n) => `${num(n)}+`,
    ended: "Ended",
    ofThem: ({ completed, failed, cancelled }) => `${num(completed)} done, ${num(failed)} failed, ${num(cancelled)} cancelled`,
    cost: "Cost of the work",
    costHint: ({ time, hour }) => `${time} of workers at ${hour} an hour`,
    refunds: "Refunded",
    refundsHint: ({ refunded, charged }) => `${num(refunded)} credits back, ${num(charged)} kept`,
    credit: "Cost of a credit",
    creditHint: "drafts, failures and cancellations included",
    queues: "Queues",
    queue: { jobs: "Paid", low: "Low priority", drafts: "Drafts" },
    oldest: (time) => `the first has waited ${time}`,
    nobody: "nobody waits",
    workers: "Workers",
    ready: "ready",
    notReady: "not ready",
    noWorkers: "None is there. Work at RunPod does not announce itself.",
    jobsByDay: "Jobs by day",
    costByDay: "Cost by day",
    nothingEnded: "No job ended in these days.",
    nothingSpent: "No work was done in these days.",
    byFeature: "By feature",
    feature: "Feature",
    columns: { paid: "Paid", drafts: "Drafts", failed: "Failed", refundShare: "Refunded", time: "Worker time", costs: "Cost", each: "Per job" },
    all: "All",
    failures: "Failures",
    noFailures: "Nothing failed in these days",
    erased: "Its owner erased it.",
    copyId: "Copy the id",
    margins: "Margins",
    marginsLead: "What is left of a package once its credits are worked for, at the cost of these days.",
    price: "Price", fee: "Stripe", work: "Work", unknown: "not known yet",
  },
  problems: {
    offline: "The studio does not answer. Are you connected?",
    insufficient_credits: ({ required, balance }) => `This takes ${required} credits and you have ${balance}.`,
    wrong_credentials: "Address or password is wrong.",
    wrong_password: "The current password is wrong.",
    email_taken: "There is an account with this address. Sign in instead.",
    too_many_active_jobs: ({ limit }) => `${limit} paid jobs are under way. Wait for one to end.`,
    too_many_requests: ({ retryAfter }) => `Too many at once. Try again in ${duration(retryAfter ?? 60)}.`,
    job_ended: "It has ended already.",
    expired: "This is not kept any more.",
    upload_refused: "The picture was refused.",
  },
  // Where the catalogue's own words read like code, or are not needed.
  fields: { numImages: "How many", callbackUrl: "Callback address", loras: "LoRAs", personaId: "Known person" },
  hints: { prompt: "" },
  options: { "60+": "60 and over", "3d-cgi": "3D CGI", "non-binary": "Non-binary", "middle-eastern": "Middle Eastern" },
};

const de = {
  studio: "Creative Studio",
  nav: { create: "Erstellen", jobs: "Sammlung", account: "Konto", operator: "Betrieb" },
  skip: "Zum Inhalt",
  theme: "Hell oder dunkel",
  language: "English",
  languageTitle: "Show this page in English",
  credits: (n) => `${num(n)} ${n === 1 ? "Credit" : "Credits"}`,
  free: "Kostenlos",
  loading: "Wird geladen",
  close: "Schließen",
  cancel: "Abbrechen",
  again: "Noch einmal",
  more: "Mehr zeigen",
  copied: "Kopiert",
  copy: "Kopieren",
  offline: "Keine Verbindung. Was läuft, läuft weiter; die Seite holt auf, sobald sie wieder da ist.",
  live: "Live: Änderungen erscheinen sofort",
  notLive: "Fragt alle paar Sekunden nach",
  sign: {
    up: "Konto anlegen",
    in: "Anmelden",
    out: "Abmelden",
    upLead: "50 Credits zum Anfangen. Ohne Karte.",
    inLead: "Schön, dass du wieder da bist.",
    email: "E-Mail",
    password: "Passwort",
    passwordHint: "Mindestens 8 Zeichen",
    emailWrong: "Bitte eine vollständige Adresse angeben, etwa name@example.com.",
    passwordShort: "Bitte mindestens 8 Zeichen verwenden.",
    name: "Name",
    optional: "freiwillig",
    toIn: "Ich habe ein Konto",
    toUp: "Ich bin neu hier",
    forgot: "Passwort vergessen?",
    forgotLead: "Wir schicken einen Link, um ein neues zu wählen.",
    send: "Link schicken",
    sent: "Gibt es ein Konto mit dieser Adresse, ist eine Mail unterwegs.",
    check: "Schau in deine Mails: Ein Link dort und das eben gewählte Passwort öffnen dein Konto.",
    verify: "Adresse bestätigen",
    verifyLead: "Gib das Passwort ein, das du beim Anlegen des Kontos gewählt hast.",
    verifyDo: "Konto öffnen",
    verifyWrong: "Mit diesem Passwort wurde diese Mail nicht angefordert. Öffne eine andere unserer Mails oder leg das Konto noch einmal an.",
    stale: "Dieser Link wurde schon benutzt oder ist zu alt. Fordere eine neue Mail an.",
    reset: "Neues Passwort wählen",
    resetLead: "API-Schlüssel und Empfänger von Rückrufen enden mit dem alten.",
    resetDone: "Dein Passwort ist geändert. Melde dich damit an.",
    expired: "Deine Sitzung ist zu Ende. Melde dich an, um weiterzumachen.",
    heroTitle: "Sagen. Sehen. Behalten.",
    heroLead: "Bilder, Menschen, Lektionen und Filme aus ein paar Worten. Entwürfe kosten nichts, bezahlt wird nur, was bleibt.",
  },
  create: {
    title: "Was soll entstehen?",
    from: (n, unit) => `${num(n)} ${n === 1 ? "Credit" : "Credits"} pro ${units[unit] ?? unit}`,
    more: "Weitere Einstellungen",
    draft: "Kostenloser Entwurf",
    draftHint: "Eine schnelle Skizze mit Marke, um zu sehen, wohin es geht",
    make: (cost) => `Für ${num(cost)} ${cost === 1 ? "Credit" : "Credits"} erstellen`,
    makeHint: (balance) => `Du hast ${num(balance)}`,
    short: "Zu wenig Credits",
    buy: "Credits kaufen",
    example: "Beispiel einsetzen",
    fix: "Einige Felder brauchen noch einen Blick.",
    missing: { text: "Bitte ausfüllen.", choice: "Bitte auswählen.", tick: "Bitte ankreuzen.", picture: "Bitte ein Bild wählen." },
    either: (names) => `Bitte ${either(names)} ausfüllen.`,
    unset: "Egal",
    add: "Hinzufügen",
    remove: "Entfernen",
    signFirst: "Anmelden und erstellen",
    unknown: "Das gibt es hier nicht.",
    all: "Alle Angebote",
    price: "Preis",
  },
  upload: {
    drop: "Bild hierher ziehen",
    choose: "Bild wählen",
    hint: "JPEG, PNG oder WebP, bis 20 MB",
    sample: "Beispiel nehmen",
    replace: "Ersetzen",
    sending: "Wird gesendet",
    type: "muss ein Bild in JPEG, PNG oder WebP sein",
    size: "muss kleiner als 20 MB sein",
    failed: "konnte nicht gesendet werden. Versuche es noch einmal.",
  },
  jobs: {
    title: "Sammlung",
    all: "Alles",
    empty: "Noch nichts da",
    emptyLead: "Was du erstellst, bleibt hier 30 Tage.",
    emptyFilter: "Nichts von dieser Art.",
    first: "Etwas erstellen",
    draft: "Entwurf",
  },
  status: { pending: "Wartet", processing: "In Arbeit", completed: "Fertig", failed: "Gescheitert", cancelled: "Abgebrochen" },
  stage: {
    queued: "Wartet auf eine Maschine", starting: "Macht sich bereit", illustrate: "Zeichnet", encode: "Sichert die Bilder",
    upload: "Legt die Dateien ab", narrate: "Spricht", music: "Komponiert", scene: "Filmt Szenen", shot: "Filmt Einstellungen",
    sign: "Signiert die Dateien", look: "Betrachtet die Fotos", fit: "Passt das Kleidungsstück an", wear: "Zieht an", done: "Fertig",
  },
  job: {
    queue: (n) => (n === 1 ? "Als Nächstes dran" : `${num(n - 1)} davor`),
    ready: (s) => `fertig in etwa ${duration(s)}`,
    step: (a, b) => `${num(a)} von ${num(b)}`,
    cancel: "Abbrechen",
    cancelled: (n) => (n ? `Abgebrochen. ${num(n)} ${n === 1 ? "Credit ist" : "Credits sind"} zurück.` : "Abgebrochen."),
    refunded: (n) => `${num(n)} ${n === 1 ? "Credit ist" : "Credits sind"} zurück auf deinem Konto.`,
    failed: "Das hat nicht geklappt",
    noCharge: "Es wurde nichts berechnet.",
    rerun: "Noch einmal",
    variation: "Variante",
    keep: "Richtig erstellen",
    edit: "Ändern und noch einmal",
    person: "Dieselbe Person noch einmal",
    download: "Herunterladen",
    downloadAll: "Dateien",
    link: "Link kopieren",
    linked: (when) => `Link kopiert. Er gilt bis ${when}.`,
    delete: "Löschen",
    deleteAsk: "Das und seine Dateien löschen?",
    deleteLead: "Das lässt sich nicht rückgängig machen. Die Buchungen bleiben, wie sie sind.",
    deleted: "Gelöscht",
    justEnded: "Es ist eben erst zu Ende gegangen. Warte eine halbe Minute, dann lösche es.",
    before: "Vorher",
    after: "Nachher",
    slider: "Vorher und nachher vergleichen",
    storyboard: "Storyboard",
    scene: (n) => `Szene ${num(n)}`,
    shot: (n) => `Einstellung ${num(n)}`,
    order: "Was bestellt war",
    facts: "Wie es entstand",
    cost: "Preis",
    paid: (n) => (n ? `${num(n)} ${n === 1 ? "Credit" : "Credits"}` : "Kostenlos"),
    engine: "Maschine",
    model: "Modell",
    licence: "Lizenz",
    seeds: "Startwerte",
    took: "Dauer",
    made: "Erstellt",
    kept: "Bleibt bis",
    attempts: "Versuche",
    notes: "Hinweise",
    gone: "Das ist nicht mehr hier.",
    open: "Größer zeigen",
    next: "Weiter",
    previous: "Zurück",
    captionsLabel: "Untertitel",
    play: "Video abspielen",
    fromHere: (at) => `Ab ${at} abspielen`,
  },
  toast: {
    completed: ({ name }) => `${name} ist fertig`,
    failed: ({ name }) => `${name} hat nicht geklappt`,
    cancelled: ({ name }) => `${name} wurde abgebrochen`,
  },
  account: {
    tabs: { credits: "Credits", keys: "API-Schlüssel", webhooks: "Webhooks", profile: "Profil" },
    balance: "Guthaben",
    held: (n) => `${num(n)} weitere für laufende Arbeit vorgemerkt`,
    buy: "Credits kaufen",
    perCredit: (price) => `je ${price}`,
    buying: "Bezahlseite wird geöffnet",
    bought: (n) => `${num(n)} Credits gehören dir.`,
    buyStates: {
      open: "Nicht bezahlt.", processing: "Das Geld ist unterwegs; die Credits folgen.", paid: "Bezahlt.",
      refunded: "Erstattet.", disputed: "Angefochten.", failed: "Die Zahlung ist gescheitert.",
      expired: "Die Bezahlseite ist abgelaufen.", review: "Wir sehen uns diese Zahlung an.",
    },
    usage: "Ausgegeben in den letzten 14 Tagen",
    usageNone: "In den letzten 14 Tagen wurde nichts ausgegeben.",
    transactions: "Buchungen",
    invoice: "Rechnung",
    date: "Datum", what: "Was", amount: "Credits", after: "Guthaben",
    kinds: {
      signup: "Willkommen", hold: "Auftrag", refund: "Erstattung", purchase: "Kauf", revoke: "Zurückgenommen",
      restore: "Zurückgegeben", grant: "Geschenk",
    },
    keysLead: "Für Programme. Ein Schlüssel darf, was du ankreuzt, und nie kaufen oder dein Konto ändern.",
    newKey: "Neuer Schlüssel",
    keyName: "Wofür?",
    keyScopes: "Er darf",
    scopes: {
      "jobs:read": "Aufträge und Dateien sehen", "jobs:write": "erstellen, abbrechen und löschen",
      "uploads:write": "Bilder hochladen", "webhooks:manage": "Webhooks verwalten",
      "billing:read": "Guthaben und Käufe sehen", "account:read": "das Profil sehen",
    },
    makeKey: "Schlüssel machen",
    once: "Kopiere ihn jetzt. Er wird nicht noch einmal gezeigt.",
    noKeys: "Noch keine Schlüssel.",
    used: (when) => `benutzt ${when}`,
    unused: "nie benutzt",
    deleteKey: "Schlüssel löschen",
    hooksLead: "Wir rufen deine Adresse auf, wenn etwas geschehen ist, und signieren jeden Aufruf.",
    newHook: "Neuer Endpunkt",
    hookUrl: "Adresse",
    hookEvents: "Aufrufen bei",
    makeHook: "Endpunkt hinzufügen",
    noHooks: "Noch keine Endpunkte.",
    test: "Test schicken",
    testSent: "Ein Test ist unterwegs",
    on: "An", off: "Aus",
    enable: "Einschalten", disable: "Ausschalten",
    deleteHook: "Endpunkt löschen",
    deliveries: "Zustellungen",
    noDeliveries: "Noch nichts gesendet.",
    replay: "Noch einmal senden",
    states: { pending: "unterwegs", delivered: "zugestellt", dead: "aufgegeben" },
    answered: (status) => `Antwort ${status}`,
    attempts: (n) => `${num(n)} ${n === 1 ? "Versuch" : "Versuche"}`,
    profile: "Profil",
    save: "Sichern",
    saved: "Gesichert",
    passwordTitle: "Passwort ändern",
    current: "Jetziges Passwort",
    fresh: "Neues Passwort",
    change: "Ändern",
    passwordChanged: "Dein Passwort ist geändert; andere Geräte sind abgemeldet.",
    devices: "Überall abmelden",
    export: "Meine Daten herunterladen",
    closeAccount: "Konto schließen",
    closeLead: "Laufende Arbeit wird erstattet, Dateien und Schlüssel verschwinden, übrige Credits verfallen. Das lässt sich nicht rückgängig machen.",
    closed: "Dein Konto ist geschlossen.",
  },
  operator: {
    title: "Betrieb",
    lead: "Wie das Studio läuft",
    at: (time) => `Stand ${time}; sieht alle 15 Sekunden nach`,
    period: "Zeitraum",
    days: (n) => (n === 1 ? "Heute" : `${num(n)} Tage`),
    stale: "Das ist vom letzten Nachsehen.",
    waits: (n) => `${n} warten`,
    atLeast: (n) => `${num(n)}+`,
    ended: "Beendet",
    ofThem: ({ completed, failed, cancelled }) => `${num(completed)} fertig, ${num(failed)} gescheitert, ${num(cancelled)} abgebrochen`,
    cost: "Kosten der Arbeit",
    costHint: ({ time, hour }) => `${time} Maschinenzeit zu ${hour} je Stunde`,
    refunds: "Erstattet",
    refundsHint: ({ refunded, charged }) => `${num(refunded)} Credits zurück, ${num(charged)} behalten`,
    credit: "Kosten eines Credits",
    creditHint: "samt Entwürfen, Fehlern und Abbrüchen",
    queues: "Warteschlangen",
    queue: { jobs: "Bezahlt", low: "Niedriger Vorrang", drafts: "Entwürfe" },
    oldest: (time) => `der Erste wartet seit ${time}`,
    nobody: "niemand wartet",
    workers: "Maschinen",
    ready: "bereit",
    notReady: "nicht bereit",
    noWorkers: "Keine ist da. Was bei RunPod arbeitet, meldet sich nicht.",
    jobsByDay: "Aufträge nach Tagen",
    costByDay: "Kosten nach Tagen",
    nothingEnded: "In diesen Tagen ging kein Auftrag zu Ende.",
    nothingSpent: "In diesen Tagen wurde nicht gearbeitet.",
    byFeature: "Nach Angebot",
    feature: "Angebot",
    columns: { paid: "Bezahlt", drafts: "Entwürfe", failed: "Gescheitert", refundShare: "Erstattet", time: "Maschinenzeit", costs: "Kosten", each: "Je Auftrag" },
    all: "Alle",
    failures: "Fehler",
    noFailures: "In diesen Tagen ist nichts gescheitert",
    erased: "Wurde von seinem Besitzer gelöscht.",
    copyId: "Kennung kopieren",
    margins: "Margen",
    marginsLead: "Was von einem Paket bleibt, wenn seine Credits verarbeitet sind, zu den Kosten dieser Tage.",
    price: "Preis", fee: "Stripe", work: "Arbeit", unknown: "noch unbekannt",
  },
  problems: {
    offline: "Das Studio antwortet nicht. Gibt es eine Verbindung?",
    insufficient_credits: ({ required, balance }) => `Das kostet ${required} Credits, du hast ${balance}.`,
    wrong_credentials: "Adresse oder Passwort stimmt nicht.",
    wrong_password: "Das jetzige Passwort stimmt nicht.",
    email_taken: "Es gibt schon ein Konto mit dieser Adresse. Melde dich an.",
    too_many_active_jobs: ({ limit }) => `${limit} bezahlte Aufträge laufen. Warte, bis einer fertig ist.`,
    too_many_requests: ({ retryAfter }) => `Zu viel auf einmal. Versuche es in ${duration(retryAfter ?? 60)} wieder.`,
    job_ended: "Es ist schon zu Ende.",
    expired: "Das wird nicht mehr aufbewahrt.",
    upload_refused: "Das Bild wurde nicht angenommen.",
  },
  // What the catalogue says in English.
  features: {
    "image-generation": ["Bilder", "Ein bis vier Bilder aus ein paar Worten, in fünf Stilen."],
    "cloth-swap": ["Anprobe", "Aus dem Foto einer Person und eines Kleidungsstücks wird die Person, die es trägt."],
    "influencer-creation": ["KI-Influencer", "Eine erfundene Person mit demselben Gesicht in ein bis zehn Posen."],
    "3d-video": ["3D-Video", "Ein Clip von 15, 30 oder 60 Sekunden, gefilmt von einer bewegten Kamera."],
    "study-animation": ["Lernvideo", "Eine gesprochene Lektion von 30 Sekunden bis 3 Minuten, in vier Stilen."],
    "story-video": ["Geschichte", "Aus einem Text wird ein erzählter Film mit Bildern und Musik."],
  },
  fields: {
    prompt: "Was zu sehen ist", style: "Stil", negativePrompt: "Was nicht zu sehen ist", width: "Breite", height: "Höhe",
    steps: "Schritte", numImages: "Wie viele", reference: "Vorlage", consent: "Einverständnis", seed: "Startwert",
    person: "Person", cloth: "Kleidungsstück", category: "Art", preserveFace: "Gesicht behalten", gender: "Geschlecht",
    ethnicity: "Herkunft", ageRange: "Alter", poses: "Posen", duration: "Dauer", cameraMovement: "Kamera",
    aspect: "Format", topic: "Thema", script: "Text", subject: "Fach", animationStyle: "Art der Animation",
    voiceStyle: "Stimme", backgroundMusic: "Musik", captions: "Untertitel", visualStyle: "Bildstil", storyTitle: "Titel",
    priority: "Vorrang", callbackUrl: "Rückruf an", scheduler: "Verfahren", loras: "Zusätze", strength: "Stärke",
    referenceMode: "Vorlage als", overflow: "Wenn zu lang", fill: "Wenn zu kurz", personaId: "Bekannte Person",
  },
  hints: {
    numImages: "Jedes wird berechnet.", width: "Pixel, ein Vielfaches von 8.", height: "Pixel, ein Vielfaches von 8.",
    person: "Eine Person von vorn, mindestens vom Kopf bis zur Hüfte.",
    cloth: "Das Kleidungsstück, flach gelegt oder getragen, vor ruhigem Hintergrund.",
    consent: "Die abgebildete Person ist einverstanden.", preserveFace: "Gesicht, Haare und Hände bleiben wie auf dem Foto.",
    duration: "Sekunden.", script: "Wird Wort für Wort gesprochen.", topic: "Der Titel im Bild.", seed: "Gleiche Zahl, gleiches Ergebnis.",
    callbackUrl: "Wird einmal aufgerufen, wenn der Auftrag zu Ende ist.",
  },
  options: {
    realistic: "Realistisch", artistic: "Künstlerisch", cinematic: "Wie im Kino", anime: "Anime", "3d-render": "3D", cartoon: "Comic",
    abstract: "Abstrakt", formal: "Festlich", traditional: "Traditionell", western: "Westlich", fitness: "Sport", casual: "Lässig",
    female: "Weiblich", male: "Männlich", "non-binary": "Nichtbinär", asian: "Asiatisch", black: "Schwarz", caucasian: "Weiß",
    hispanic: "Lateinamerikanisch", indian: "Indisch", "middle-eastern": "Nahöstlich", mixed: "Gemischt", "60+": "ab 60",
    professional: "Beruflich", fashion: "Mode", orbit: "Umkreisen", dolly: "Hinfahren", pan: "Schwenken", static: "Stehen",
    landscape: "Quer", portrait: "Hoch", science: "Naturwissenschaft", math: "Mathematik", history: "Geschichte",
    literature: "Literatur", technology: "Technik", "3d-cgi": "3D", whiteboard: "Tafel", explainer: "Erklärfilm",
    "motion-graphics": "Bewegte Schrift", "male-warm": "Mann, warm", "male-deep": "Mann, tief", "male-dramatic": "Mann, dramatisch",
    "male-calm": "Mann, ruhig", "female-warm": "Frau, warm", "female-soft": "Frau, sanft", "female-bright": "Frau, hell",
    "female-calm": "Frau, ruhig", calm: "Ruhig", none: "Keine", epic: "Episch", emotional: "Gefühlvoll", uplifting: "Heiter",
    mysterious: "Geheimnisvoll", burned: "Im Bild", files: "Als Dateien", fail: "Ablehnen", trim: "Kürzen", guide: "Mit Lernhilfe",
    pauses: "Mit Pausen", normal: "Normal", low: "Niedrig", composition: "Aufbau", style: "Stil", auto: "Automatisch",
  },
};

const units = { image: "Bild", swap: "Anprobe", set: "Reihe", video: "Video" };
export const LANGUAGES = { en, de };
const KEPT = "studio.language";

let language = localStorage.getItem(KEPT) ?? (navigator.language.startsWith("de") ? "de" : "en");
if (!LANGUAGES[language]) language = "en";

export const current = () => language;

export function speak(wanted) {
  language = wanted;
  localStorage.setItem(KEPT, wanted);
  document.documentElement.lang = wanted;
}

const look = (words, path) => path.split(".").reduce((at, step) => at?.[step], words);

/** The words for `path`, such as "job.cancel"; what no language has comes back as it is. */
export function t(path, ...about) {
  const words = look(LANGUAGES[language], path) ?? look(en, path) ?? path;
  return typeof words === "function" ? words(...about) : words;
}

/** What to say about an error: our words for its code, or the API's own. */
export function told(error) {
  const words = look(LANGUAGES[language], `problems.${error.code}`);
  if (typeof words === "function") return words({ ...error.body, retryAfter: error.retryAfter ?? error.body?.retryAfter });
  return words ?? error.message;
}

export const titleOf = (feature) => LANGUAGES[language].features?.[feature.name]?.[0] ?? feature.title;
export const summaryOf = (feature) => LANGUAGES[language].features?.[feature.name]?.[1] ?? feature.summary;
/** "3d-video" where the catalogue is not at hand. */
export const nameOf = (name) => LANGUAGES[language].features?.[name]?.[0] ?? plain(name);
export const fieldName = (name, schema) => LANGUAGES[language].fields?.[name] ?? en.fields?.[name] ?? schema?.title ?? plain(name);

/** The catalogue explains in English; other languages have their own hints, or none. Its code marks are noise here. */
export const fieldHint = (name, schema) =>
  LANGUAGES[language].hints?.[name] ?? (language === "en" ? schema.description?.replace(/`/g, "") : undefined);
export const optionName = (value) => LANGUAGES[language].options?.[value] ?? plain(value);

/** "female-warm" as people read it. */
export const plain = (value) => {
  const words = String(value).replace(/^3d-/, "3D ").replace(/-/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2");
  return /^\d[^D]/.test(words) ? String(value) : words[0].toUpperCase() + words.slice(1);
};

/** At most `length` characters, cut after a word; a text without spaces where it ends. */
export function clipped(text, length) {
  const letters = [...text];
  if (letters.length <= length) return text;
  const words = letters.slice(0, length + 1).join("").replace(/\s+\S*$/, "");
  const cut = words.length <= length && words.length > length / 2 ? words : letters.slice(0, length).join("");
  return `${cut.replace(/[\s.,;:!?–—-]+$/, "")}…`;
}

export function num(n) {
  return new Intl.NumberFormat(language).format(n);
}

const either = (names) => new Intl.ListFormat(language, { type: "disjunction" }).format(names);

export function money(cents, currency) {
  return new Intl.NumberFormat(language, { style: "currency", currency, minimumFractionDigits: cents % 100 ? 2 : 0 }).format(cents / 100);
}

/** Dollars, with parts of cents where there is nothing else; a dash for what is not known. */
export function dollars(amount) {
  if (amount === null) return "–";
  const digits = amount !== 0 && Math.abs(amount) < 0.1 ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return new Intl.NumberFormat(language, { style: "currency", currency: "usd", ...digits }).format(amount);
}

export function share(part) {
  return part === null ? "–" : new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(part);
}

/** Seconds in words short enough for a line. */
export function duration(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  const unit = whole < 90 ? ["second", whole] : whole < 5_400 ? ["minute", Math.round(whole / 60)] : ["hour", whole / 3_600];
  return new Intl.NumberFormat(language, { style: "unit", unit: unit[0], unitDisplay: "short", maximumFractionDigits: 1 }).format(unit[1]);
}

export function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

export function date(iso, time = true) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", ...(time && { timeStyle: "short" }) }).format(new Date(iso));
}

/** "3 minutes ago". */
export function ago(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const [unit, size] of [["day", 86_400], ["hour", 3_600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return format.format(0, "second"); // "now"
}

speak(language);
