/** What a language's words say about whether somebody has finished. */
export interface TurnWords {
  /** Words that something must follow: conjunctions, articles, prepositions, possessives. */
  open: ReadonlySet<string>
  /** Sounds of thinking. */
  hesitation: ReadonlySet<string>
  /** Phrases that begin what is not said yet, where they are the end. */
  openPhrases: readonly string[]
  /** Phrases that end a turn. */
  closing: readonly string[]
  /** Answers to a question for yes or no, whole or as the first word. */
  answers: ReadonlySet<string>
  /** First words of a question for yes or no. */
  asking: ReadonlySet<string>
  /** Words of digits. */
  digits: ReadonlySet<string>
  /** Words that make a clause: pronouns and verbs that are in nearly every one. */
  clause: ReadonlySet<string>
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))
const list = (phrases: string): readonly string[] => phrases.split('|')

/** The languages of the rule detectors. */
export const turnWords: Readonly<Record<string, TurnWords>> = {
  en: {
    open: set(
      'and or but so because if that which who when while although though unless until since than as the a an my your his her our their its this these some any every no to of in on at for with from by about into over under between without during i we they is are was were am be been do does did has have had will would can could should may might very really',
    ),
    hesitation: set('um uh er erm hmm hm ah eh well like'),
    openPhrases: list(
      'i want|i need|i would like|i mean|you know|let me see|let me think|one moment|my number is|it is|there is|i think',
    ),
    closing: list(
      'thank you|thanks|please|that is all|thats all|that is it|bye|goodbye|right now|at all|you know what i mean',
    ),
    answers: set('yes yeah yep no nope sure okay ok right correct exactly absolutely certainly fine alright'),
    asking: set('do does did is are was were can could will would shall should may have has am'),
    digits: set('zero oh one two three four five six seven eight nine double triple'),
    clause: set(
      'i you he she it we they is are was were am have has had do does did can could will would want need get got my',
    ),
  },
  fr: {
    open: set(
      'et ou mais donc car parce que si quand comme lorsque le la les un une des du de mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cette ces à au aux en dans sur sous avec sans pour par chez vers entre je tu il elle on nous ils elles est sont était ai as avons avez ont très',
    ),
    hesitation: set('euh heu hum ben bah bon alors hein'),
    openPhrases: list('je voudrais|je veux|je pense|mon numéro est|il y a|c est|un instant|attendez'),
    closing: list('merci|merci beaucoup|s il vous plaît|s il te plaît|c est tout|au revoir|voilà'),
    answers: set('oui ouais non si ok okay exactement bien sûr daccord parfait correct'),
    asking: set('est avez êtes voulez pouvez puis peut voudriez souhaitez'),
    digits: set('zéro un deux trois quatre cinq six sept huit neuf'),
    clause: set('je tu il elle on nous vous ils elles j c ça est suis ai avez sont était veux voudrais peux faut a'),
  },
  de: {
    open: set(
      'und oder aber denn sondern weil dass wenn ob als während obwohl damit bevor nachdem der die das den dem des ein eine einen einem einer mein meine meinen dein deine ihr ihre unser unsere in im an am auf aus bei mit nach von vom zu zum zur für durch gegen ohne um über unter ich wir sie ist sind war bin habe hat haben sehr',
    ),
    hesitation: set('äh ähm hm also naja öh tja'),
    openPhrases: list('ich möchte|ich will|ich brauche|meine nummer ist|es gibt|das ist|einen moment|moment'),
    closing: list(
      'danke|vielen dank|danke schön|bitte|das wars|das war es|das ist alles|auf wiederhören|tschüss|bitte schön',
    ),
    answers: set('ja jawohl jo nein nee genau richtig stimmt klar gerne okay ok sicher natürlich'),
    asking: set('haben hat sind ist können kann möchten wollen soll sollen darf dürfen wird werden war'),
    digits: set('null eins ein zwei zwo drei vier fünf sechs sieben acht neun'),
    clause: set(
      'ich du er sie es wir ihr ist sind war bin habe hat haben möchte will kann brauche geht gibt wurde wird',
    ),
  },
  es: {
    open: set(
      'y e o u pero porque que si cuando como aunque mientras pues el la los las un una unos unas mi mis tu tus su sus nuestro nuestra este esta estos estas de del a al en con sin por para sobre entre desde hasta hacia yo es son era está están he ha han muy',
    ),
    hesitation: set('eh em mmm este pues bueno'),
    openPhrases: list('quiero|quisiera|necesito|mi número es|hay|es que|un momento|creo que'),
    closing: list('gracias|muchas gracias|por favor|eso es todo|nada más|adiós|hasta luego'),
    answers: set('sí si no claro vale exacto correcto bueno perfecto okay ok'),
    asking: set('es está son tiene tienes quiere quieres puede puedes desea hay ha'),
    digits: set('cero uno dos tres cuatro cinco seis siete ocho nueve'),
    clause: set(
      'yo tú él ella usted nosotros ellos es está son era fue he ha han tengo tiene quiero puedo necesito hay me se no',
    ),
  },
}
