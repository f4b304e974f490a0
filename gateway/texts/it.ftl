# Titoli dei problemi

problem-malformed = La richiesta non è leggibile
problem-unauthenticated = Accedi oppure fornisci una chiave API valida
problem-bad-credentials = L'indirizzo e-mail o la password non sono corretti
problem-code-required = Serve un codice della tua app di autenticazione
problem-forbidden = Non hai il permesso di farlo
problem-module-off = Questa parte di Daybook è disattivata
problem-cross-site = La richiesta viene da un altro sito
problem-not-found = Qui non esiste
problem-method-not-allowed = A questo indirizzo non si può fare
problem-slot-taken = L'orario è occupato
problem-conflict = Qualcosa lo impedisce
problem-wrong-state = Non si accorda con lo stato attuale
problem-bookings-affected = In quel periodo ci sono prenotazioni
problem-cannot-revert = La modifica non può essere annullata
problem-stale = È cambiato da quando l'hai letto
problem-too-large = La richiesta è troppo grande
problem-unsupported-media-type = Questo tipo di contenuto qui non è accettato
problem-invalid = Alcuni campi vanno rivisti
problem-idempotency-key-reused = Questa Idempotency-Key è stata usata per un'altra richiesta
problem-too-many-requests = Troppi tentativi; aspetta un poco
problem-internal = Qualcosa è andato storto da parte nostra
problem-unavailable = Al momento il servizio non può farlo
problem-not-yet = Quanto richiesto non è ancora pronto

# Particolari di un caso

detail-bad-json = Il corpo non è JSON valido: { $what }
detail-not-utf8 = Il corpo non è UTF-8 valido.
detail-body-lost = Il corpo non è arrivato intero.
detail-being-built = Viene preparato per la prima volta e sarà mostrato quando sarà completo.
detail-too-large = Si accettano al massimo { $max } byte.
detail-wants-type = Invialo come { $wanted }.
detail-no-token = La richiesta non porta né chiave API né sessione.
detail-unknown-token = La chiave API o la sessione è sconosciuta, scaduta o revocata.
detail-no-route = A questo indirizzo non c'è nulla.
detail-module-off = L'attività ha disattivato il modulo { $module }.
detail-needs-right = Serve il diritto { $right }.
detail-wrong-code = Questo codice non è valido o è già stato usato.
detail-link-used = Il link non è più valido: è stato usato o è troppo vecchio.
detail-above-you = Nessuno concede più di quanto ha, né decide per chi sta altrettanto in alto.
detail-last-owner = È l'ultimo proprietario che può accedere; prima nomina un altro proprietario.
detail-keys-in-a-row = Una chiave può emettere altre chiavi, e queste altre ancora, ma al massimo { $max } di seguito.
detail-yourself = Nessuno esclude sé stesso.
detail-not-invited = Non c'è un invito da rinnovare: la persona è già entrata o è disattivata.
detail-owners-have-all = Un proprietario ha tutti i diritti.
detail-no-user = Una chiave API non ha profilo, sessioni o password: accedi.
detail-moved-on = È stato modificato nello stesso momento. Rileggi e riprova.
detail-stale = La versione attuale è { $version }.
detail-revert-beginning = La cosa è nata con questa modifica.
detail-revert-lasting = Nulla annulla questa modifica.
detail-revert-changed-since = { $field } è cambiato di nuovo nel frattempo.
detail-revert-as-before = Tutto è come prima di questa modifica.
detail-revert-erased = Ciò che c’era prima è stato cancellato.
detail-revert-gone = { $field }: non accetta più prenotazioni.
detail-name-taken = Il nome è già in uso ({ $kind }).
detail-bookings-affected = { $count ->
    [one] Una prenotazione cade in quel periodo. Invia keep_bookings: true per lasciarla.
   *[other] { $count } prenotazioni cadono in quel periodo. Invia keep_bookings: true per lasciarle.
}
detail-erased = I dati di questa persona sono stati cancellati; non si può più scrivere nulla su di lei.
detail-crowded = Troppe modifiche di questa attività sono in attesa.
detail-exports-busy = Sono già in corso tutte le esportazioni possibili. Riprova tra un momento.
detail-too-costly = Il database impiega troppo tempo. Restringi la richiesta: un periodo più breve, meno condizioni.
detail-outcome-unknown = Il database è venuto a mancare prima della risposta: la modifica può essere stata fatta. Inviala di nuovo con la stessa Idempotency-Key.
detail-withdrawn = Il servizio è stato ritirato.
detail-left = Il membro del personale è andato via.
detail-retired = La postazione è stata tolta.
detail-wrong-state = Stato della prenotazione: { $status }.
detail-deleted = La prenotazione è eliminata; prima ripristinala.
detail-not-arrived = Il cliente non è arrivato.
detail-class-ended = Il corso è terminato.
detail-session-cancelled = La sessione è stata annullata.
detail-is-seat = La prenotazione è un posto in una sessione: ne ha l’orario, l’operatore e il servizio.
detail-waitlist-state = La richiesta in lista d’attesa è { $state }.
detail-dates-taken = Non tutte le date richieste sono libere (occupate: { $count }).

# Che cosa non va in un campo

violation-missing = manca
violation-password-length = deve avere da { $least } a { $most } caratteri
violation-totp-code = non è un codice di questa app, o nessuna è stata iniziata
violation-right = non è un diritto
violation-wrong-password = non è la tua password
violation-not-single = appartiene a un ruolo intero e non si può dare o togliere da solo
violation-email-taken = è l'indirizzo di un altro utente
violation-unknown-field = qui non è conosciuto
violation-twice = compare due volte
violation-wrong-type = è del tipo sbagliato ({ $what })
violation-form = non ha la forma giusta ({ $what })
violation-empty = non può essere vuoto
violation-too-long = { $max ->
    [one] può avere al massimo un carattere
   *[other] può avere al massimo { $max } caratteri
}
violation-too-many = { $max ->
    [one] accetta al massimo un elemento
   *[other] accetta al massimo { $max } elementi
}
violation-too-many-groups = darebbe più di { $max } parti; chiedi settimane o mesi, oppure meno giorni
violation-control-characters = non può contenere caratteri di controllo
violation-color = deve essere un colore come #3366cc
violation-origin = accetta lettere, cifre, spazi e _ - .
violation-phone = non è un numero di telefono; indicalo con il paese, per esempio +39 312 345 6789
violation-email = non è un indirizzo e-mail
violation-telegram = non è un nome Telegram come @ada_l
violation-fiscal-code = accetta da 4 a 32 lettere e cifre
violation-country = non è un codice di paese di due lettere
violation-language = non è un'etichetta di lingua come it o en-GB
violation-time-zone = non è un fuso orario come Europe/Rome
violation-currency = non è un codice di valuta come EUR
violation-currency-in-use = non può cambiare quando qualcosa ha già un prezzo
violation-date = non è una data come 2026-11-23
violation-not-money = non è un importo come "120.00"
violation-too-precise = { $decimals ->
    [0] in { $currency } non accetta decimali
    [one] in { $currency } accetta al massimo un decimale
   *[other] in { $currency } accetta al massimo { $decimals } decimali
}
violation-too-much = è troppo grande
violation-negative = non può essere negativo
violation-not-positive = deve essere maggiore di zero
violation-out-of-range = deve stare tra { $least } e { $most }
violation-processing-outside = deve cominciare dopo l'inizio e finire prima della fine del servizio
violation-not-found = non è conosciuto in questa attività
violation-gone = non accetta più prenotazioni
violation-end-not-after-start = deve venire dopo { $from }
violation-too-little = deve essere almeno { $least }
violation-begins-at-the-end = 24:00 può chiudere un giorno, non aprire un intervallo
violation-cannot-begin = una prenotazione non può cominciare come { $status }
violation-more-than-paid = restano da rendere solo { $left }
violation-other-currency = deve essere in { $currency }
violation-past = deve stare nel futuro
violation-cursor = non è un cursore dato da una risposta precedente alla stessa domanda
violation-header = non è leggibile
violation-calendar = non contiene eventi con una data leggibile
violation-which-business = deve nominare una delle tue attività: { $slugs }
violation-local-time = non è una data e ora locale come 2026-11-23T09:00
violation-nobody-does-it = nessuno esegue questo servizio
violation-no-desk = nessuna postazione disponibile
violation-outside-hours = è fuori dall’orario di lavoro
violation-too-soon = non può essere prima di { $earliest }
violation-past-hours = finirebbe dopo l’orario di lavoro, che termina alle { $until }
violation-house-closed = la sede è chiusa fino a { $until }
violation-staff-away = il collaboratore è assente fino a { $until }
violation-desk-closed = la postazione è chiusa fino a { $until }
violation-off-grid = non è uno degli inizi, ogni { $step } minuti
violation-not-bookable = non si può prenotare
violation-does-not-do-it = non esegue questo servizio
violation-desk-does-not-serve-it = non serve per questo servizio
violation-is-no-seat = solo un posto in una sessione può passare a un’altra sessione
violation-rrule = non è una regola di ricorrenza (RFC 5545): { $what }
violation-no-date = non indica alcuna data futura
violation-needs-start = va indicato solo insieme a un inizio
violation-start-or-period = indicare un inizio oppure un periodo
violation-seats-taken = posti occupati: { $taken }
violation-not-of-session = non corrisponde alla sessione; ometterlo
violation-session-cancelled = è stata annullata
violation-has-seat = ha già un posto in questa sessione
violation-endless = deve avere una fine, con COUNT o UNTIL
violation-starts-or-rule = indicare starts, oppure start e rrule
violation-one-of-two = indicare client_id oppure client
violation-as-of = non è una posizione né un istante come 2026-11-23T09:00:00Z
violation-one-for-each = indicarlo una volta, o una volta per servizio
violation-not-before = non deve precedere { $from }
violation-nothing-offered = indicare un inizio: nulla è stato offerto
violation-not-waited-for = riguarda un servizio diverso da quello atteso
violation-of-one-service = si accetta solo per un servizio singolo
violation-wish = non è né una data, né una data e ora locale, né un istante
violation-one-of-these = indicarne uno
violation-not-affected = non cade nel periodo chiuso

# Lettere

mail-invitation-subject = { $business } ti invita
mail-invitation-body =
    { $business } ti ha riservato un posto nella sua agenda. Scegli una password entro { $days } giorni:

    { $link }
mail-reset-subject = Una nuova password
mail-reset-body =
    Qualcuno ha chiesto una nuova password per { $businesses }. Se sei stato tu, sceglila entro un'ora:

    { $link }
mail-reset-ignore = Se non sei stato tu, non serve fare nulla: senza questa lettera nessuno può cambiare nulla.
violation-confirmed-twice = si può chiedere solo dove le prenotazioni sono confermate subito (auto_confirm)

# What visitors of the public side are told

problem-link-superseded = Questo link è precedente all'ultima modifica
detail-link-superseded = Riapri la prenotazione: la risposta contiene il suo link più recente.
problem-not-online = Non è possibile prenotare online; contattateci
problem-challenge-failed = Mostra prima di non essere un programma
detail-too-late-to-change = Si poteva modificare fino al { $until }. Contattateci.
violation-too-far = non deve essere dopo il { $last }
violation-service-or-services = indicare o service_id (e staff_id) o services
violation-phone-or-email = indicare un numero di telefono o un indirizzo e-mail
violation-consent-version = ha ormai un altro testo: versione { $version }
violation-consent-required = manca un consenso obbligatorio
violation-code = non è il codice dell'ultimo messaggio
violation-code-spent = non accetta altri tentativi; chiedete un nuovo codice
word-booked-as-name = Prenotato online come: { $name }
word-booked-with-phone = Prenotato online con il telefono: { $phone }
word-booked-with-email = Prenotato online con l'e-mail: { $email }
word-not-confirmed = Non confermato in tempo
mail-confirm-subject = Conferma la prenotazione da { $business }
mail-confirm-body = Hai prenotato da { $business } per il { $when }. L'orario resta riservato finché confermi, ma non a lungo.
mail-confirm-link = Conferma qui: { $link }
mail-confirm-code = Il tuo codice è { $code }.
mail-confirm-ignore = Se non sei stato tu, non serve fare nulla: la prenotazione si annullerà da sola.

# The booking page

page-book-at = Prenota da { $business }
page-no-house = A questo indirizzo non c'è una pagina di prenotazione.
page-no-script = Per prenotare qui attiva JavaScript oppure contattaci.
page-contact = Contatti
page-loading = Un momento …
page-trouble = Qualcosa è andato storto. Riprova.
page-your-time = ora tua
page-no-times = In questi giorni non ci sono orari liberi.
page-next-free = Mostra il prossimo orario libero
page-earlier = Prima
page-later = Dopo
page-when = Quando
page-times-in = Orari secondo il fuso
page-back = Indietro
page-next = Continua
page-what = Che cosa
page-what-hint = Scegli un servizio o più di seguito.
page-minutes = min
page-who = Con chi
page-anyone = Chiunque sia libero
page-name = Il tuo nome
page-phone = Telefono
page-phone-or-email = Basta un numero di telefono o un indirizzo e-mail.
page-email = E-mail
page-email-hint = Vi scriviamo per far confermare la prenotazione.
page-comment = Qualcosa che dovremmo sapere
page-required = obbligatorio
page-book = Prenota
page-you = I tuoi dati
page-price = Prezzo
page-held = Teniamo questo orario per te mentre compili.
page-consent-missing = Accetta quanto è obbligatorio.
page-check-mail = Confermala: ti abbiamo inviato un'e-mail. Fino ad allora l'orario resta riservato per poco.
page-requested = Richiesta; la confermeremo.
page-confirmed = Confermata
page-completed = Effettuata
page-no-show = Mancata
page-cancelled = Annullata
page-done = Grazie
page-reference = Riferimento
page-keep-link = Conserva il link qui sotto: con esso puoi spostare o annullare la prenotazione.
page-manage = Vedi, sposta o annulla
page-your-booking = La tua prenotazione
page-no-booking = Questo link non porta a nessuna prenotazione.
page-superseded = La prenotazione è cambiata dopo questo link. Ecco com'è adesso.
page-confirm = Conferma
page-code = Il codice ricevuto via e-mail
page-change-until = Modificabile fino al
page-move = Sposta
page-cancel = Annulla la prenotazione
page-too-late = Non si può più modificare online. Contattaci.
page-cancel-sure = Annullare la prenotazione?
page-reason = Perché (se vuoi)
page-seats = Posti liberi
page-again = Riprova
page-resend = Invia di nuovo l’e-mail
page-resent = Se è l’indirizzo usato per la prenotazione, un’e-mail è in arrivo.
page-review = Com’è andata? 1 è male, 5 è molto bene.
page-review-text = Con parole tue (se vuoi)
page-reviewed = Grazie per avercelo detto.
page-send = Invia

# Imports

detail-bad-form = Il modulo non è leggibile.
detail-import-state = L’importazione è nello stato: { $state }.
violation-destroyed-number = è stato arrotondato da un foglio di calcolo: le cifre sono perse
violation-future = non può essere nel futuro
violation-duration = non è una durata come 45, 1:30 o 1h30
violation-range = è un intervallo; serve un solo valore
violation-yes-or-no = non è né sì né no
violation-formula = è una formula: non è stata eseguita, è stato preso il suo ultimo valore
violation-totals = è una riga di totali
violation-header-again = ripete l’intestazione
violation-duplicate-in-file = è uguale alla riga { $row }
violation-already-known = è già noto qui
violation-person-erased = appartiene a una persona i cui dati sono stati cancellati
violation-does-not-fit = non è compatibile con ciò che esiste
violation-column = non è una colonna del file
violation-encoding = non è una codifica come utf-8 o windows-1252
violation-delimiter = non è un carattere che può separare le celle
violation-sheet = non è un foglio della cartella di lavoro
violation-header-row = non è una riga del file
violation-file-empty = non ha righe
violation-file-kind = non è né CSV né XLSX ({ $kind }); salvalo in uno di questi formati
violation-file-protected = è protetto da password; salvalo senza
violation-file-broken = è danneggiato e illeggibile
violation-file-inflates = è troppo grande una volta decompresso
violation-file-rows = ha più di { $max } righe; dividilo
violation-file-columns = ha più di { $max } colonne
violation-file-cell = ha una cella con più di { $max } caratteri
violation-file-cells = ha più di { $max } celle; dividilo
violation-file-header-only = ha un’intestazione e nessuna riga sotto
violation-file-too-large = supera { $max } MiB

# Clients who turn out to be one person
problem-merged = Il cliente è stato unito a un altro
detail-client-erased = Di uno dei due non si può più leggere nulla: i dati del cliente sono stati cancellati.
detail-client-has-taken-in = Altri sono stati uniti a questo cliente, e ciò che è loro deve restare visibile.
detail-duplicate-merged = Il cliente era già stato unito a un altro.
violation-themselves = è lo stesso cliente
# Webhooks
detail-webhooks-full = Un'azienda ha al massimo { $max } webhook.
violation-url = non è un indirizzo come https://hooks.example.org/daybook
violation-not-https = deve iniziare con https://
violation-url-credentials = non deve contenere né utente né password
violation-url-private = porta in una rete privata
violation-event-type = non è un evento come daybook.booking.placed o daybook.booking.*

mail-webhook-subject = { $business }: un webhook è stato disattivato
mail-webhook-failing = Da tre giorni non è stato possibile consegnare nulla al webhook «{ $webhook }» di { $business }. È stato disattivato.
mail-webhook-gone = Il webhook «{ $webhook }» di { $business } ha risposto di non esistere più. È stato disattivato.
mail-webhook-again = Nulla è perso: una volta riparato, riattivalo e riceverà tutto da dove si era fermato.
page-password-choose = Scegli una password
page-password-new = Nuova password
page-password-hint = Almeno { $least } caratteri.
page-password-save = Imposta la password
page-password-set = La password è impostata. Ora puoi usarla per accedere.
page-password-spent = Questo link non è più valido. Chiedine uno nuovo.
# Segments

violation-not-among = non è noto qui; ci sono: { $known }
violation-exactly-one = accetta esattamente uno tra: { $of }
violation-too-deep = { $max ->
    [one] non deve superare un livello
   *[other] non deve superare { $max } livelli
}
word-segment-loyal = Fedeli
word-segment-loyal-told = Sono venuti almeno cinque volte negli ultimi 180 giorni.
word-segment-sleeping = Dormienti
word-segment-sleeping-told = Non vengono da 90 giorni e non hanno nulla di prenotato.
word-segment-new = Nuovi
word-segment-new-told = Sono venuti per la prima volta negli ultimi 30 giorni.
word-segment-at-risk = A rischio
word-segment-at-risk-told = Secondo la loro abitudine sarebbero dovuti tornare una settimana fa, sono venuti entro un anno e non hanno nulla di prenotato.
word-segment-birthdays = Compleanni del mese
word-segment-birthdays-told = Compiono gli anni questo mese.
word-segment-big-spenders = Grandi spenditori
word-segment-big-spenders-told = Il decimo dei clienti paganti che ha pagato di più negli ultimi 365 giorni.
