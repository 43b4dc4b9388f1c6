/**
 * What callers say round what a grammar names: how sentences begin, go on and end, and short ones of their own. It keeps
 * the recognizer from hearing a grammar's words in everything.
 */
export const callerEnglish = `#JSGF V1.0;
grammar caller;
public <line> = <begin> <thing> | <begin> <thing> <end> | <short> | <short> | <number> | <question> | <trouble> | <wish> | <about> | <money>;
<begin> = i want to | i want | i would like to | i would like | i need to | i need | i have | i have a | i have got | i got |
  i am | i am not | i was | i think | i think i | i found a | i found | there is | there is a | there is no | it is | it is a | it was | it has | this is | that is |
  can you | could you | would you | can i | may i | please | will you | my | the | our | your | a | an | we | we have | we are | you | he | she | they |
  yes | no | yes please | well | so | okay | hello | hi | sorry | actually | and | because | but | since | i am calling about | i am calling because | it says;
<thing> = it | that | this | something | my account | my number | the number | my name | my bill | my contract | my money | money | my money back |
  a person | someone | some help | help | a question | a problem | a problem with | trouble with | here | there | them | moving | a new one | a better offer | another one |
  the same | the price | the bill | the line | the time | so much | too much | too high | very bad | very slow | not working | too slow | too expensive | broken;
<end> = please | thank you | thanks | now | today | again | yesterday | since yesterday | since this morning | since last week | last month | last week |
  this morning | this month | every day | every evening | every night | all the time | right now | at all | for me | to me | with me | with you | twice | once |
  on my bill | on my last bill | from you | in the evening | at the moment;
<short> = yes | no | yes please | no thank you | no thanks | thank you | thanks | hello | hi | goodbye | bye | okay | sure | right | that is right | that is correct | correct | that is all |
  that was all | nothing else | i do not know | i am not sure | i do not have it | i do not know it | of course | never mind | wait | one moment | hold on | say that again |
  what | pardon | repeat that please | go ahead | please do | not really | not yet | maybe | i agree | all right | i see | good morning | good evening;
<number> = [my] [account] number is <digits> | <digits> | <digits> | it is <digits> | my account is <digits> | i do not know my number | i do not have my number | i forgot my number | i do not know my account number;
<digits> = <digit>+;
<digit> = zero | one | two | three | four | five | six | seven | eight | nine | oh;
<question> = how long does it take | how long does <what> take | how much is it | how much is <what> | how much does <what> cost | how do i <do> | how can i <do> | what is <what> | what is that | what does <what> mean |
  when will <what> come | when is <what> | where is <what> | why is <what> so high | why is <what> so slow | can i <do> | could you <do> | do you have <what> | is there <what> | are you there | can you help me;
<what> = it | this | that | a refund | the refund | my refund | my bill | the bill | my money | the price | a contract | the contract | an appointment | my order | the fee | a new modem;
<do> = do that | help me | get help | pay | pay it | cancel | change it | get my money back | speak to someone | talk to someone | check it | fix it | send it | get a refund | explain it;
<trouble> = <subject> <verb> [<end>];
<subject> = it | it always | the internet | my internet | the connection | my connection | the line | the network | the modem | the router | the wifi | my phone | everything | nothing | my bill | the bill | the price;
<verb> = is down | is slow | is very slow | is weak | is too slow | is broken | is not working | does not work | stopped working | keeps dropping | keeps cutting out | drops | dropped | is dead | is gone | is too high | is wrong | is too expensive | has a red light | went up | is fine | works | works again | works now;
<wish> = [i want to | i would like to | please] (cancel | cancel my contract | leave | change my plan | change my contract | pay my bill | talk to a person | speak to a person | speak to someone | talk to someone | get my money back | move | complain | stop | wait) [please];
<money> = (i was | i have been | i am | i got | you | they) (charged | billed | overcharged) [me] (twice | again | double | wrong | too much | for nothing) [<end>] | (you | they) took (the | my) money (twice | again) |
  i paid [it | this | my bill] (twice | again | already | yesterday | last week) [<end>];
<about> = it is about <topic> | i am calling about <topic> | i have a question about <topic>;
<topic> = my bill | a bill | my internet | my connection | my contract | the price | a charge | a payment | my account | an invoice;
`

/** Words that any sentence may have, in lower case. */
export const commonWords: readonly string[] =
  `a about after again all also always am an and another any anything are as ask at back bad be because been before better big
but buy by call called came can cannot can't change check come could couldn't day days did didn't different do does doesn't doing
done don't down each else even every everything few find first for found from gave get getting give go goes going gone good got
had half has have haven't he help her here high him his home hour house how i i'd if i'll i'm in is isn't it it's its i've just
keep kept know last late later leave less let like line little long look lot low make many may me mean might minute moment money
month months more morning most move much must my name need never new next night no nobody not nothing now number of off offer often
oh old on once one only open or other our out over own part paid pay people person phone please price problem put really right
said same saw say says see seem send sent she should since so some someone something sometimes soon speak started still stop
stopped such sure take taken talk tell than thank that that's the their them then there these they thing think this those though
three till time times to today together told tomorrow too took tried try trying turn two under until up us use used very wait want
wanted was wasn't way we week weeks well went were we're what what's when where which while who why will with without won't
work working works would wouldn't wrong year years yes yesterday yet you your`.split(/\s+/u)
