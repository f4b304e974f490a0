# Titres des problèmes

problem-malformed = La requête est illisible
problem-unauthenticated = Connectez-vous ou donnez une clé d'API valable
problem-bad-credentials = L'adresse e-mail ou le mot de passe est incorrect
problem-code-required = Un code de votre application d'authentification est nécessaire
problem-forbidden = Vous n'en avez pas le droit
problem-module-off = Cette partie de Daybook est désactivée
problem-cross-site = La requête vient d'un autre site
problem-not-found = Cela n'existe pas ici
problem-method-not-allowed = Cela ne peut pas se faire à cette adresse
problem-slot-taken = Cet horaire est pris
problem-conflict = Quelque chose s'y oppose
problem-wrong-state = Cela ne convient pas à l'état actuel
problem-bookings-affected = Il y a des réservations sur cette période
problem-cannot-revert = Ce changement ne peut pas être annulé
problem-stale = Cela a changé depuis votre lecture
problem-too-large = La requête est trop grande
problem-unsupported-media-type = Ce type de contenu n'est pas accepté ici
problem-invalid = Certains champs sont à revoir
problem-idempotency-key-reused = Cette Idempotency-Key a servi pour une autre requête
problem-too-many-requests = Trop de tentatives ; patientez un peu
problem-internal = Une erreur est survenue de notre côté
problem-unavailable = Le service ne peut pas le faire pour le moment
problem-not-yet = Ce qui est demandé n'est pas encore prêt

# Précisions sur un cas

detail-bad-json = Le corps n'est pas du JSON valable : { $what }
detail-not-utf8 = Le corps n'est pas de l'UTF-8 valable.
detail-body-lost = Le corps n'est pas arrivé en entier.
detail-being-built = C'est en cours de préparation pour la première fois, et sera montré une fois complet.
detail-too-large = { $max } octets au plus sont acceptés.
detail-wants-type = Envoyez-le en { $wanted }.
detail-no-token = La requête ne porte ni clé d'API ni session.
detail-unknown-token = La clé d'API ou la session est inconnue, expirée ou révoquée.
detail-no-route = Il n'y a rien à cette adresse.
detail-module-off = L'établissement a désactivé le module { $module }.
detail-needs-right = Il faut pour cela le droit { $right }.
detail-wrong-code = Ce code n'est pas valable, ou a déjà servi.
detail-link-used = Ce lien n'est plus valable : il a servi, ou est trop ancien.
detail-above-you = Personne n'accorde plus que ce qu'il a, ni ne décide pour qui est aussi haut placé.
detail-last-owner = C'est le dernier propriétaire qui peut se connecter ; nommez d'abord un autre propriétaire.
detail-keys-in-a-row = Une clé peut émettre des clés, et celles-ci d'autres encore, mais au plus { $max } à la suite.
detail-yourself = Personne ne s'exclut soi-même.
detail-not-invited = Il n'y a pas d'invitation à renouveler : la personne a rejoint, ou son accès est désactivé.
detail-owners-have-all = Un propriétaire a tous les droits.
detail-no-user = Une clé API n'a ni profil, ni sessions, ni mot de passe : connectez-vous.
detail-moved-on = Cela a été modifié au même moment. Relisez et réessayez.
detail-stale = La version actuelle est { $version }.
detail-revert-beginning = C’est par ce changement que la chose est née.
detail-revert-lasting = Rien n’annule ce changement.
detail-revert-changed-since = { $field } a encore changé depuis.
detail-revert-as-before = Tout est comme avant ce changement.
detail-revert-erased = Ce qu’il y avait avant a été effacé.
detail-revert-gone = { $field } : ne prend plus de réservations.
detail-name-taken = Ce nom est déjà pris ({ $kind }).
detail-bookings-affected = { $count ->
    [one] Une réservation tombe sur cette période. Envoyez keep_bookings: true pour l'y laisser.
   *[other] { $count } réservations tombent sur cette période. Envoyez keep_bookings: true pour les y laisser.
}
detail-erased = Les données de cette personne ont été effacées ; plus rien ne peut être écrit à son sujet.
detail-crowded = Trop de modifications de cet établissement sont en attente.
detail-exports-busy = Autant d’exports que possible sont déjà en cours. Réessayez dans un instant.
detail-too-costly = Cela prend trop de temps à la base de données. Restreignez la demande : une période plus courte, moins de conditions.
detail-outcome-unknown = La base de données a été perdue avant sa réponse : la modification a pu être faite. Renvoyez-la avec la même Idempotency-Key.
detail-withdrawn = Ce service a été retiré.
detail-left = Ce membre du personnel est parti.
detail-retired = Ce poste a été supprimé.
detail-wrong-state = État de la réservation : { $status }.
detail-deleted = La réservation est supprimée ; restaurez-la d'abord.
detail-not-arrived = Le client n'est pas arrivé.
detail-class-ended = Le cours est terminé.
detail-session-cancelled = La séance a été annulée.
detail-is-seat = La réservation est une place dans une séance : elle en a l’heure, l’intervenant et la prestation.
detail-waitlist-state = La demande en liste d’attente est à l’état { $state }.
detail-dates-taken = Toutes les dates demandées ne sont pas libres (prises : { $count }).

# Ce qui ne va pas dans un champ

violation-missing = manque
violation-password-length = doit avoir de { $least } à { $most } caractères
violation-totp-code = n'est pas un code de cette application, ou aucune n'a été commencée
violation-right = n'est pas un droit
violation-wrong-password = n'est pas votre mot de passe
violation-not-single = appartient à un rôle entier et ne peut être donné ou retiré seul
violation-email-taken = est l'adresse d'un autre utilisateur
violation-unknown-field = est inconnu ici
violation-twice = s'y trouve deux fois
violation-wrong-type = n'est pas du bon type ({ $what })
violation-form = n'a pas la bonne forme ({ $what })
violation-empty = ne doit pas être vide
violation-too-long = { $max ->
    [one] doit avoir au plus { $max } caractère
   *[other] doit avoir au plus { $max } caractères
}
violation-too-many = { $max ->
    [one] accepte au plus { $max } élément
   *[other] accepte au plus { $max } éléments
}
violation-too-many-groups = donnerait plus de { $max } parties ; demandez des semaines ou des mois, ou moins de jours
violation-control-characters = ne doit pas contenir de caractères de contrôle
violation-color = doit être une couleur telle que #3366cc
violation-origin = accepte lettres, chiffres, espaces et _ - .
violation-phone = n'est pas un numéro de téléphone ; donnez-le avec son pays, par exemple +33 6 12 34 56 78
violation-email = n'est pas une adresse e-mail
violation-telegram = n'est pas un nom Telegram tel que @ada_l
violation-fiscal-code = accepte de 4 à 32 lettres et chiffres
violation-country = n'est pas un code de pays à deux lettres
violation-language = n'est pas une étiquette de langue telle que fr ou en-GB
violation-time-zone = n'est pas un fuseau horaire tel que Europe/Paris
violation-currency = n'est pas un code de monnaie tel que EUR
violation-currency-in-use = ne peut plus changer dès que quelque chose a un prix
violation-date = n'est pas une date telle que 2026-11-23
violation-not-money = n'est pas un montant tel que "120.00"
violation-too-precise = { $decimals ->
    [0] n'accepte pas de décimales en { $currency }
    [one] accepte au plus { $decimals } décimale en { $currency }
   *[other] accepte au plus { $decimals } décimales en { $currency }
}
violation-too-much = est trop grand
violation-negative = ne doit pas être négatif
violation-not-positive = doit être supérieur à zéro
violation-out-of-range = doit se situer entre { $least } et { $most }
violation-processing-outside = doit commencer après le début et finir avant la fin du service
violation-not-found = est inconnu dans cet établissement
violation-gone = ne prend plus de réservations
violation-end-not-after-start = doit venir après { $from }
violation-too-little = doit être au moins { $least }
violation-begins-at-the-end = 24:00 peut terminer un jour, pas commencer un intervalle
violation-cannot-begin = une réservation ne peut pas commencer { $status }
violation-more-than-paid = il ne reste que { $left } à rendre
violation-other-currency = doit être en { $currency }
violation-past = doit se situer dans l'avenir
violation-cursor = n'est pas un curseur donné par une réponse précédente à la même question
violation-header = est illisible
violation-calendar = ne contient aucun événement dont la date soit lisible
violation-which-business = doit nommer l'un de vos établissements : { $slugs }
violation-local-time = n'est pas une date et heure locale telle que 2026-11-23T09:00
violation-nobody-does-it = personne ne fait cette prestation
violation-no-desk = aucun poste ne convient
violation-outside-hours = est en dehors des heures de travail
violation-too-soon = ne peut pas être avant { $earliest }
violation-past-hours = finirait après les heures de travail, à { $until }
violation-house-closed = la maison est fermée jusqu’à { $until }
violation-staff-away = le collaborateur est absent jusqu’à { $until }
violation-desk-closed = le poste est fermé jusqu’à { $until }
violation-off-grid = n’est pas un début possible, toutes les { $step } minutes
violation-not-bookable = ne peut pas être réservé
violation-does-not-do-it = ne fait pas cette prestation
violation-desk-does-not-serve-it = ne sert pas à cette prestation
violation-is-no-seat = seule une place dans une séance peut passer à une autre séance
violation-rrule = n’est pas une règle de récurrence (RFC 5545) : { $what }
violation-no-date = ne désigne aucune date à venir
violation-needs-start = ne va qu’avec un début
violation-start-or-period = donnez soit un début, soit une période
violation-seats-taken = places prises : { $taken }
violation-not-of-session = ne correspond pas à la séance ; omettez ce champ
violation-session-cancelled = a été annulée
violation-has-seat = a déjà une place dans cette séance
violation-endless = doit avoir une fin, par COUNT ou UNTIL
violation-starts-or-rule = donnez soit starts, soit start et rrule
violation-one-of-two = donnez client_id ou client
violation-as-of = n’est ni une position ni un instant tel que 2026-11-23T09:00:00Z
violation-one-for-each = donnez-le une fois, ou une fois par prestation
violation-not-before = ne doit pas être antérieur à { $from }
violation-nothing-offered = donnez un début : rien n’est proposé
violation-not-waited-for = concerne une autre prestation que celle attendue
violation-of-one-service = n’est accepté que pour une seule prestation
violation-wish = n’est ni une date, ni une date et heure locales, ni un instant
violation-one-of-these = donnez l’un d’eux
violation-not-affected = ne se trouve pas dans le temps fermé

# Lettres

mail-invitation-subject = { $business } vous invite
mail-invitation-body =
    { $business } vous a fait une place dans son agenda. Choisissez un mot de passe dans les { $days } jours :

    { $link }
mail-reset-subject = Un nouveau mot de passe
mail-reset-body =
    Quelqu'un a demandé un nouveau mot de passe pour { $businesses }. Si c'était vous, choisissez-le dans l'heure :

    { $link }
mail-reset-ignore = Si ce n'était pas vous, il n'y a rien à faire : sans cette lettre, personne ne peut rien changer.
violation-confirmed-twice = ne peut être demandée que si les réservations sont confirmées aussitôt (auto_confirm)

# What visitors of the public side are told

problem-link-superseded = Ce lien date d’avant la dernière modification
detail-link-superseded = Consultez à nouveau la réservation : la réponse contient son lien le plus récent.
problem-not-online = Cette réservation n’est pas possible en ligne ; contactez-nous
problem-challenge-failed = Montrez d’abord que vous n’êtes pas un programme
detail-too-late-to-change = La modification était possible jusqu’à { $until }. Contactez-nous.
violation-too-far = ne doit pas être après le { $last }
violation-service-or-services = donnez soit service_id (et staff_id), soit services
violation-phone-or-email = donnez un numéro de téléphone ou une adresse e-mail
violation-consent-version = a désormais une autre formulation : version { $version }
violation-consent-required = il manque un consentement obligatoire
violation-code = n’est pas le code du dernier message
violation-code-spent = n’accepte plus d’essais ; demandez un nouveau code
word-booked-as-name = Réservé en ligne au nom de : { $name }
word-booked-with-phone = Réservé en ligne avec le téléphone : { $phone }
word-booked-with-email = Réservé en ligne avec l’e-mail : { $email }
word-not-confirmed = Non confirmé à temps
mail-confirm-subject = Confirmez votre réservation chez { $business }
mail-confirm-body = Vous avez réservé chez { $business } pour le { $when }. Le créneau vous attend jusqu’à votre confirmation, mais pas longtemps.
mail-confirm-link = Confirmez ici : { $link }
mail-confirm-code = Votre code est { $code }.
mail-confirm-ignore = Si ce n’était pas vous, il n’y a rien à faire : la réservation s’annulera d’elle-même.

# The booking page

page-book-at = Réserver chez { $business }
page-no-house = Il n’y a pas de page de réservation à cette adresse.
page-no-script = Pour réserver ici, activez JavaScript ou contactez-nous.
page-contact = Contact
page-loading = Un instant …
page-trouble = Une erreur s’est produite. Réessayez.
page-your-time = votre heure
page-no-times = Il n’y a pas de créneau libre ces jours-ci.
page-next-free = Voir le prochain créneau libre
page-earlier = Plus tôt
page-later = Plus tard
page-when = Quand
page-times-in = Heures selon le fuseau
page-back = Retour
page-next = Continuer
page-what = Quoi
page-what-hint = Choisissez une prestation, ou plusieurs à la suite.
page-minutes = min
page-who = Avec qui
page-anyone = Toute personne disponible
page-name = Votre nom
page-phone = Téléphone
page-phone-or-email = Un numéro de téléphone ou une adresse e-mail suffit.
page-email = E-mail
page-email-hint = Nous y écrivons pour faire confirmer la réservation.
page-comment = Quelque chose à nous dire
page-required = obligatoire
page-book = Réserver
page-you = Vos coordonnées
page-price = Prix
page-held = Nous gardons ce créneau pendant que vous remplissez.
page-consent-missing = Veuillez accepter ce qui est obligatoire.
page-check-mail = Confirmez-la : nous vous avons envoyé un e-mail. Le créneau est gardé peu de temps.
page-requested = Demandée ; nous la confirmerons.
page-confirmed = Confirmée
page-completed = Effectuée
page-no-show = Manquée
page-cancelled = Annulée
page-done = Merci
page-reference = Référence
page-keep-link = Gardez le lien ci-dessous : il permet de déplacer ou d’annuler la réservation.
page-manage = Voir, déplacer ou annuler
page-your-booking = Votre réservation
page-no-booking = Ce lien ne mène à aucune réservation.
page-superseded = La réservation a changé depuis ce lien. Voici où elle en est.
page-confirm = Confirmer
page-code = Le code reçu par e-mail
page-change-until = Modifiable jusqu’au
page-move = Déplacer
page-cancel = Annuler la réservation
page-too-late = Elle n’est plus modifiable en ligne. Contactez-nous.
page-cancel-sure = Annuler la réservation ?
page-reason = Pourquoi (si vous voulez)
page-seats = Places libres
page-again = Réessayer
page-resend = Renvoyer l’e-mail
page-resent = Si c’est l’adresse de la réservation, un e-mail est en route.
page-review = Comment était-ce ? 1 : mal, 5 : très bien.
page-review-text = Avec vos mots (si vous voulez)
page-reviewed = Merci de votre avis.
page-send = Envoyer

# Imports

detail-bad-form = Le formulaire est illisible.
detail-import-state = L’import est dans l’état : { $state }.
violation-destroyed-number = a été arrondi par un tableur : ses chiffres sont perdus
violation-future = ne doit pas être dans le futur
violation-duration = n’est pas une durée telle que 45, 1:30 ou 1h30
violation-range = est une fourchette ; il faut une seule valeur
violation-yes-or-no = n’est ni oui ni non
violation-formula = est une formule : elle n’a pas été exécutée, sa dernière valeur a été reprise
violation-totals = est une ligne de totaux
violation-header-again = répète l’en-tête
violation-duplicate-in-file = est identique à la ligne { $row }
violation-already-known = est déjà connu ici
violation-person-erased = appartient à une personne dont les données ont été effacées
violation-does-not-fit = ne correspond pas à ce qui existe
violation-column = n’est pas une colonne du fichier
violation-encoding = n’est pas un encodage tel que utf-8 ou windows-1252
violation-delimiter = n’est pas un caractère qui peut séparer des cellules
violation-sheet = n’est pas une feuille du classeur
violation-header-row = n’est pas une ligne du fichier
violation-file-empty = n’a aucune ligne
violation-file-kind = n’est ni CSV ni XLSX ({ $kind }) ; enregistrez-le dans l’un de ces formats
violation-file-protected = est protégé par un mot de passe ; enregistrez-le sans
violation-file-broken = est endommagé et illisible
violation-file-inflates = est trop volumineux une fois décompressé
violation-file-rows = a plus de { $max } lignes ; divisez-le
violation-file-columns = a plus de { $max } colonnes
violation-file-cell = a une cellule de plus de { $max } caractères
violation-file-cells = a plus de { $max } cellules ; divisez-le
violation-file-header-only = a un en-tête et aucune ligne en dessous
violation-file-too-large = dépasse { $max } Mio

# Clients who turn out to be one person
problem-merged = Ce client a été fusionné avec un autre
detail-client-erased = On ne peut plus rien lire de l'un des deux : les données du client ont été effacées.
detail-client-has-taken-in = D'autres clients ont été fusionnés avec celui-ci, et ce qui est à eux doit rester visible.
detail-duplicate-merged = Ce client a déjà été fusionné avec un autre.
violation-themselves = est le même client
# Webhooks
detail-webhooks-full = Une entreprise a au plus { $max } webhooks.
violation-url = n'est pas une adresse telle que https://hooks.example.org/daybook
violation-not-https = doit commencer par https://
violation-url-credentials = ne doit contenir ni utilisateur ni mot de passe
violation-url-private = mène à un réseau privé
violation-event-type = n'est pas un événement tel que daybook.booking.placed ou daybook.booking.*

mail-webhook-subject = { $business } : un webhook a été désactivé
mail-webhook-failing = Depuis trois jours, rien n'a pu être remis au webhook « { $webhook } » de { $business }. Il est désactivé.
mail-webhook-gone = Le webhook « { $webhook } » de { $business } a répondu qu'il n'existe plus. Il est désactivé.
mail-webhook-again = Rien n'est perdu : une fois réparé, réactivez-le, et il recevra tout à partir de là où il en était.
page-password-choose = Choisissez un mot de passe
page-password-new = Nouveau mot de passe
page-password-hint = Au moins { $least } caractères.
page-password-save = Définir le mot de passe
page-password-set = Votre mot de passe est défini. Vous pouvez maintenant vous connecter.
page-password-spent = Ce lien n’est plus valable. Demandez-en un nouveau.
# Segments

violation-not-among = n’est pas connu ici ; il y a : { $known }
violation-exactly-one = accepte exactement un parmi : { $of }
violation-too-deep = { $max ->
    [one] ne doit pas dépasser un niveau
   *[other] ne doit pas dépasser { $max } niveaux
}
word-segment-loyal = Fidèles
word-segment-loyal-told = Sont venus au moins cinq fois ces 180 derniers jours.
word-segment-sleeping = Endormis
word-segment-sleeping-told = Ne sont pas venus depuis 90 jours et n’ont rien réservé.
word-segment-new = Nouveaux
word-segment-new-told = Sont venus pour la première fois ces 30 derniers jours.
word-segment-at-risk = À risque
word-segment-at-risk-told = Selon leur habitude, ils auraient dû revenir il y a une semaine ; ils sont venus dans l’année et n’ont rien réservé.
word-segment-birthdays = Anniversaires du mois
word-segment-birthdays-told = Ont leur anniversaire ce mois-ci.
word-segment-big-spenders = Gros dépensiers
word-segment-big-spenders-told = Le dixième des clients payants qui a le plus payé ces 365 derniers jours.
