/** Short words that are easy to read aloud and to type. */
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const FIRST_WORDS = words(`
  amber apple aspen autumn azure basil beach birch bloom blue brave breeze bright bronze calm canyon cedar cherry chilly
  citrus clever cliff clover cloud coast cobalt copper coral cosmic cotton crisp crystal daisy dawn delta desert dune
  dusty early ember fern field fjord flint forest frost gentle ginger golden granite grassy green hazel honey icy indigo
  iron island ivory jade jolly juniper lake lemon lilac lively lunar maple marble meadow mellow mint misty moss mountain
  navy nimble noble north ocean olive opal orange orchid pebble pepper pine plain plum polar poppy prairie quartz quick
  quiet rapid river robin rocky rose ruby rustic saffron sandy silent silver snowy solar spring spruce steady stone
  summer sunny swift tidal timber topaz valley velvet violet walnut warm willow windy winter
`);

export const SECOND_WORDS = words(`
  badger bear beaver bison bobcat buffalo camel canary cheetah cobra condor cougar coyote crane cricket crow deer dingo
  dolphin donkey dove dragon duck eagle egret elk falcon ferret finch firefly fox gazelle gecko gibbon giraffe goose
  gopher grouse gull hare hawk hedgehog heron hippo horse hyena ibex ibis iguana jackal jaguar jay kestrel kiwi koala
  lark lemur leopard lion lizard llama lobster lynx magpie mallard marmot marten meerkat mink mole moose moth mouse
  newt ocelot octopus oriole osprey ostrich otter owl panda panther parrot pelican penguin petrel pigeon plover pony
  puffin puma quail rabbit raccoon raven robin salmon seal shark sheep shrew skunk sloth snail sparrow squid stork swan
  tapir tiger toad toucan trout turtle viper walrus weasel whale wolf wombat yak zebra
`);
