"""Every sentence of `words.py` in its three languages. A pair is (for one, for several); `count` decides."""

LANGUAGES = ("nb", "nn", "en")

Text = str | tuple[str, str]

# fmt: off
TEXTS: dict[str, dict[str, Text]] = {
    # a pupil
    "pupil.served": {
        "nb": "Du har fått plass: {session}.",
        "nn": "Du har fått plass: {session}.",
        "en": "You have a place: {session}.",
    },
    "pupil.fixed": {
        "nb": "Du beholder plassen du hadde.",
        "nn": "Du held på plassen du hadde.",
        "en": "You keep the place you had.",
    },
    "pupil.first_choice": {
        "nb": "Det er førstevalget ditt.",
        "nn": "Det er førstevalet ditt.",
        "en": "It is your first choice.",
    },
    "pupil.choice": {
        "nb": "Det er valg nummer {number} på lista di.",
        "nn": "Det er val nummer {number} på lista di.",
        "en": "It is number {number} on your list.",
    },
    "pupil.named_mentor": {
        "nb": "Du har mentoren du ba om.",
        "nn": "Du har mentoren du bad om.",
        "en": "You have the mentor you asked for.",
    },
    "pupil.not_served": {
        "nb": "Du har ikke fått plass ennå. Du er nummer {number} i køen.",
        "nn": "Du har ikkje fått plass enno. Du er nummer {number} i køen.",
        "en": "You have no place yet. You are number {number} in the queue.",
    },
    "pupil.ahead": {
        "nb": ("Én uten plass står foran deg og vil ha en kveld du også kan.",
               "{count} uten plass står foran deg og vil ha en kveld du også kan."),
        "nn": ("Éin utan plass står framfor deg og vil ha ein kveld du òg kan.",
               "{count} utan plass står framfor deg og vil ha ein kveld du òg kan."),
        "en": ("One without a place is ahead of you for an evening that you could come to.",
               "{count} without a place are ahead of you for an evening that you could come to."),
    },
    "pupil.no_choices": {
        "nb": "Du har ikke valgt noen kveld.",
        "nn": "Du har ikkje valt nokon kveld.",
        "en": "You have chosen no evening.",
    },
    "pupil.proof": {
        "nb": ("Den ene plassen du kunne hatt, er tatt av en som står foran deg.",
               "De {count} plassene du kunne hatt, er tatt av elever som står foran deg."),
        "nn": ("Den eine plassen du kunne hatt, er teken av ein som står framfor deg.",
               "Dei {count} plassane du kunne hatt, er tekne av elevar som står framfor deg."),
        "en": ("The one place that could have been yours is taken by somebody ahead of you.",
               "The {count} places that could have been yours are taken by pupils ahead of you."),
    },
    # what became of a choice
    "fate": {"nb": "{session}: {why}", "nn": "{session}: {why}", "en": "{session}: {why}"},
    "fate.distance": {
        "nb": "lenger unna enn du sa at du kan reise.",
        "nn": "lenger unna enn du sa at du kan reise.",
        "en": "farther away than you said you can travel.",
    },
    "fate.min_mentors": {
        "nb": "holdes ikke, for få mentorer kan komme.",
        "nn": "blir ikkje halden, for få mentorar kan kome.",
        "en": "not held, too few mentors can come.",
    },
    "fate.min_pupils": {
        "nb": "holdes ikke, for få elever vil ha den.",
        "nn": "blir ikkje halden, for få elevar vil ha han.",
        "en": "not held, too few pupils want it.",
    },
    "fate.closed": {
        "nb": "holdes ikke, mentorene hjelper flere andre steder.",
        "nn": "blir ikkje halden, mentorane hjelper fleire andre stader.",
        "en": "not held, the mentors help more pupils elsewhere.",
    },
    "fate.level": {
        "nb": "ingen mentor der har faget ditt.",
        "nn": "ingen mentor der har faget ditt.",
        "en": "no mentor there teaches your subject.",
    },
    "fate.seats": {
        "nb": "alle plassene er tatt av elever foran deg, eller av noen som ikke kan sitte noe annet sted.",
        "nn": "alle plassane er tekne av elevar framfor deg, eller av nokon som ikkje kan sitje nokon annan stad.",
        "en": "all seats are taken by pupils ahead of you, or by some who can sit nowhere else.",
    },
    "fate.mentors": {
        "nb": "mentorene som har faget ditt, har så mange elever som de kan.",
        "nn": "mentorane som har faget ditt, har så mange elevar som dei kan.",
        "en": "the mentors who teach your subject have as many pupils as they can.",
    },
    # the smallest change for a pupil
    "pupil.change.session": {
        "nb": "Med {session} som et valg til ville det blitt plass.",
        "nn": "Med {session} som eit val til ville det blitt plass.",
        "en": "With {session} as one more choice there would be a place.",
    },
    "pupil.change.distance": {
        "nb": ("Med ett minutts reisevei ville det blitt plass.",
               "Med {count} minutters reisevei ville det blitt plass."),
        "nn": ("Med eitt minutts reiseveg ville det blitt plass.",
               "Med {count} minutt reiseveg ville det blitt plass."),
        "en": ("With one minute of travel there would be a place.",
               "With {count} minutes of travel there would be a place."),
    },
    "pupil.change.digital": {
        "nb": "Med en kveld på skjerm som et valg til ville det blitt plass.",
        "nn": "Med ein kveld på skjerm som eit val til ville det blitt plass.",
        "en": "With a digital evening as one more choice there would be a place.",
    },
    "pupil.change.mentor": {
        "nb": "Med én mentor til på {session} ville det blitt plass.",
        "nn": "Med éin mentor til på {session} ville det blitt plass.",
        "en": "With one more mentor at {session} there would be a place.",
    },
    "pupil.change.unknown": {
        "nb": "Hva én mentor til ville gitt, er ikke regnet ut; ingen mindre endring ville gitt plass.",
        "nn": "Kva éin mentor til ville gitt, er ikkje rekna ut; inga mindre endring ville gitt plass.",
        "en": "What one more mentor would do has not been worked out; no smaller change would give a place.",
    },
    "pupil.change.none": {
        "nb": "Ingen enkelt endring ville gitt plass nå.",
        "nn": "Inga einskild endring ville gitt plass no.",
        "en": "No single change would give a place now.",
    },
    # a session and a mentor
    "session.open": {
        "nb": "{session} holdes: {pupils} elever, {seats} plasser, {mentors} mentorer.",
        "nn": "{session} blir halden: {pupils} elevar, {seats} plassar, {mentors} mentorar.",
        "en": "{session} is held: {pupils} pupils, {seats} seats, {mentors} mentors.",
    },
    "session.waiting": {
        "nb": ("Én elev uten plass kunne sittet der.", "{count} elever uten plass kunne sittet der."),
        "nn": ("Éin elev utan plass kunne sete der.", "{count} elevar utan plass kunne sete der."),
        "en": ("One pupil without a place could sit there.", "{count} pupils without a place could sit there."),
    },
    "session.one_more_mentor": {
        "nb": ("Én mentor til der ville gitt plass til én elev til.",
               "Én mentor til der ville gitt plass til {count} elever til."),
        "nn": ("Éin mentor til der ville gitt plass til éin elev til.",
               "Éin mentor til der ville gitt plass til {count} elevar til."),
        "en": ("One more mentor there would give one more pupil a place.",
               "One more mentor there would give {count} more pupils a place."),
    },
    "mentor.stands": {
        "nb": ("Mentoren har én kveld, av inntil {most}.", "Mentoren har {count} kvelder, av inntil {most}."),
        "nn": ("Mentoren har éin kveld, av inntil {most}.", "Mentoren har {count} kveldar, av inntil {most}."),
        "en": ("The mentor has one evening, of at most {most}.", "The mentor has {count} evenings, of at most {most}."),
    },
    "mentor.session": {
        "nb": ("{session}: kontakt for én elev.", "{session}: kontakt for {count} elever."),
        "nn": ("{session}: kontakt for éin elev.", "{session}: kontakt for {count} elevar."),
        "en": ("{session}: contact of one pupil.", "{session}: contact of {count} pupils."),
    },
    # a request
    "request.served": {
        "nb": ("Klassen får besøk {start}.", "Klassen får besøk av {count} rollemodeller {start}."),
        "nn": ("Klassen får besøk {start}.", "Klassen får besøk av {count} rollemodellar {start}."),
        "en": ("The class has a visit on {start}.", "The class has a visit of {count} role models on {start}."),
    },
    "request.others": {
        "nb": ("Én annen kunne også kommet.", "{count} andre kunne også kommet."),
        "nn": ("Éin annan kunne òg kome.", "{count} andre kunne òg kome."),
        "en": ("One other could have come too.", "{count} others could have come too."),
    },
    "request.not_served": {
        "nb": "Klassen har ikke fått besøk ennå. Slik er det med rollemodellene:",
        "nn": "Klassen har ikkje fått besøk enno. Slik er det med rollemodellane:",
        "en": "The class has no visit yet. This is how it is with the role models:",
    },
    "reason.mode": {
        "nb": ("Én kommer bare på den andre måten (på skjerm eller i klasserommet).",
               "{count} kommer bare på den andre måten (på skjerm eller i klasserommet)."),
        "nn": ("Éin kjem berre på den andre måten (på skjerm eller i klasserommet).",
               "{count} kjem berre på den andre måten (på skjerm eller i klasserommet)."),
        "en": ("One comes only the other way (digital or in person).",
               "{count} come only the other way (digital or in person)."),
    },
    "reason.topic": {
        "nb": ("Én har ikke temaet.", "{count} har ikke temaet."),
        "nn": ("Éin har ikkje temaet.", "{count} har ikkje temaet."),
        "en": ("One does not have the topic.", "{count} do not have the topic."),
    },
    "reason.grade": {
        "nb": ("Én tar ikke trinnet.", "{count} tar ikke trinnet."),
        "nn": ("Éin tek ikkje steget.", "{count} tek ikkje steget."),
        "en": ("One does not take the grade.", "{count} do not take the grade."),
    },
    "reason.distance": {
        "nb": ("Én bor for langt unna.", "{count} bor for langt unna."),
        "nn": ("Éin bur for langt unna.", "{count} bur for langt unna."),
        "en": ("One lives too far away.", "{count} live too far away."),
    },
    "reason.free": {
        "nb": ("Én er ikke ledig til de tidene dere foreslo.", "{count} er ikke ledige til de tidene dere foreslo."),
        "nn": ("Éin er ikkje ledig til dei tidene de føreslo.", "{count} er ikkje ledige til dei tidene de føreslo."),
        "en": ("One is not free at the times you proposed.", "{count} are not free at the times you proposed."),
    },
    "reason.lessons": {
        "nb": ("Én tar ikke så mange timer etter hverandre.", "{count} tar ikke så mange timer etter hverandre."),
        "nn": ("Éin tek ikkje så mange timar etter kvarandre.", "{count} tek ikkje så mange timar etter kvarandre."),
        "en": ("One does not take that many lessons in a row.", "{count} do not take that many lessons in a row."),
    },
    "reason.reserved": {
        "nb": ("Én er satt av til andre kommuner de dagene.", "{count} er satt av til andre kommuner de dagene."),
        "nn": ("Éin er sett av til andre kommunar dei dagane.", "{count} er sette av til andre kommunar dei dagane."),
        "en": ("One is set aside for other municipalities those days.",
               "{count} are set aside for other municipalities those days."),
    },
    "reason.refused": {
        "nb": ("Én har sagt nei.", "{count} har sagt nei."),
        "nn": ("Éin har sagt nei.", "{count} har sagt nei."),
        "en": ("One has said no.", "{count} have said no."),
    },
    "reason.taken": {
        "nb": ("Én kunne kommet, men har andre besøk da.", "{count} kunne kommet, men har andre besøk da."),
        "nn": ("Éin kunne kome, men har andre besøk då.", "{count} kunne kome, men har andre besøk då."),
        "en": ("One could come, but has other visits then.", "{count} could come, but have other visits then."),
    },
    "reason.available": {
        "nb": ("Én kunne kommet, men det trengs flere.", "{count} kunne kommet, men det trengs flere."),
        "nn": ("Éin kunne kome, men det trengst fleire.", "{count} kunne kome, men det trengst fleire."),
        "en": ("One could come, but more are needed.", "{count} could come, but more are needed."),
    },
    "reason.varies": {
        "nb": ("Én hindres av ulike ting på de ulike dagene.", "{count} hindres av ulike ting på de ulike dagene."),
        "nn": ("Éin blir hindra av ulike ting på dei ulike dagane.",
               "{count} blir hindra av ulike ting på dei ulike dagane."),
        "en": ("One is kept away by one thing one day and another the next.",
               "{count} are kept away by one thing one day and another the next."),
    },
    "reason.nobody": {
        "nb": "Det finnes ingen rollemodeller ennå.",
        "nn": "Det finst ingen rollemodellar enno.",
        "en": "There are no role models yet.",
    },
    # the smallest change for a request
    "request.change.nothing": {
        "nb": "Det kan bli et besøk uten at dere endrer noe.",
        "nn": "Det kan bli eit besøk utan at de endrar noko.",
        "en": "There can be a visit without any change.",
    },
    "request.change.time": {
        "nb": "Et besøk er mulig {start}.",
        "nn": "Eit besøk er mogleg {start}.",
        "en": "A visit is possible on {start}.",
    },
    "request.change.distance": {
        "nb": ("Et besøk er mulig om en rollemodell reiser ett minutt lenger.",
               "Et besøk er mulig om en rollemodell reiser {count} minutter lenger."),
        "nn": ("Eit besøk er mogleg om ein rollemodell reiser eitt minutt lenger.",
               "Eit besøk er mogleg om ein rollemodell reiser {count} minutt lenger."),
        "en": ("A visit is possible if a role model travels one minute more.",
               "A visit is possible if a role model travels {count} minutes more."),
    },
    "request.change.topic": {
        "nb": "Et besøk er mulig om temaet er fritt.",
        "nn": "Eit besøk er mogleg om temaet er fritt.",
        "en": "A visit is possible with any topic.",
    },
    "request.change.digital": {
        "nb": "Et besøk er mulig på skjerm.",
        "nn": "Eit besøk er mogleg på skjerm.",
        "en": "A digital visit is possible.",
    },
    "request.change.fewer_role_models": {
        "nb": "Et besøk er mulig med én rollemodell færre.",
        "nn": "Eit besøk er mogleg med éin rollemodell færre.",
        "en": "A visit is possible with one role model fewer.",
    },
    "request.change.limit": {
        "nb": "Et besøk er mulig om en rollemodell tar ett besøk mer enn grensen sin.",
        "nn": "Eit besøk er mogleg om ein rollemodell tek eitt besøk meir enn grensa si.",
        "en": "A visit is possible if a role model takes one visit more than their limit.",
    },
    "request.change.unknown": {
        "nb": "Det er ikke regnet ut hva som skulle til.",
        "nn": "Det er ikkje rekna ut kva som skulle til.",
        "en": "What it would take has not been worked out.",
    },
    "request.change.none": {
        "nb": "Ingen enkelt endring ville gitt et besøk nå.",
        "nn": "Inga einskild endring ville gitt eit besøk no.",
        "en": "No single change would give a visit now.",
    },
    # a role model
    "role_model.visits": {
        "nb": ("Rollemodellen har ett besøk, av inntil {most}.", "Rollemodellen har {count} besøk, av inntil {most}."),
        "nn": ("Rollemodellen har eitt besøk, av inntil {most}.", "Rollemodellen har {count} besøk, av inntil {most}."),
        "en": ("The role model has one visit, of at most {most}.",
               "The role model has {count} visits, of at most {most}."),
    },
    "role_model.may_meet": {
        "nb": ("Ett ønske uten besøk passer for rollemodellen.", "{count} ønsker uten besøk passer for rollemodellen."),
        "nn": ("Eitt ønske utan besøk passar for rollemodellen.", "{count} ønske utan besøk passar for rollemodellen."),
        "en": ("One request without a visit suits the role model.",
               "{count} requests without a visit suit the role model."),
    },
}
# fmt: on
