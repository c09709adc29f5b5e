"""Word lists: what reads a premise by rule knows these words and no others.

Called wherever this folder keeps a list of words; the long ones of ``premise`` stand here.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text, divided by white space."""
    return frozenset(text.split())


PEOPLE = words(
    """
    man woman girl boy child kid friend stranger neighbour neighbor nurse doctor teacher soldier
    wizard witch apprentice hero heroine villain superhero supervillain spy warrior killer thief
    detective inspector sailor captain king queen prince princess knight president minister
    director officer human alien astronaut pilot engineer scientist artist writer reader author
    owner keeper hitchhiker prepper couple criminal overlord adventurer explorer hunter
    firefighter exterminator genie muggle bodyguard mogul player opponent traveler traveller
    brother sister mother father uncle aunt grandmother grandfather grandson granddaughter son
    daughter wife husband twin cousin baker barista gardener librarian lighthousekeeper monk nun
    priest angel ghost robot android convict elder farmer fisherman guard guide healer innkeeper
    judge lawyer merchant messenger musician painter patient photographer poet postman professor
    sheriff singer shopkeeper student tailor widow widower clerk cat dog monster reaper mechanic
    diver climber chef cook driver blacksmith smith cartographer clockmaker watchmaker beekeeper
    ferryman courier archivist curator bride groom orphan immortal vampire werewolf goddess god
    demon creature dragon ruler emperor empress duke duchess mayor roommate boss colleague
    stepmother stepfather grandma grandpa mom dad mum
    """
)

PLACES = words(
    """
    lighthouse shop hall forest office camp school restaurant city town village island house
    home cottage castle tower palace kingdom harbour harbor port ship boat station planet moon
    world universe sea ocean lake river mountain valley desert garden park library museum
    theatre theater hospital prison court courtroom church temple monastery bank market street
    road alley bridge tunnel cave mine farm barn inn tavern hotel hostel cafe café bakery
    factory application studio laboratory lab room bedroom kitchen attic cellar basement stairs
    staircase landing corridor arena front continent country colony base bunker shelter cabin
    tent train bus airport field meadow beach shore coast cliff swamp jungle ruin ruins temple
    shrine university college classroom pool alley floor building apartment flat bookshop
    bookstore warehouse square fair circus carnival zoo aquarium observatory greenhouse orchard
    vineyard mall plane platform ward galaxy pawnshop hill pass canyon quarry crossroads well
    fort fortress
    """
)

DETERMINERS = words(
    """
    a an the my your his her their its our this that these those two three four five several
    some
    """
)

STOPS = words(
    """
    a an the and or but nor so yet of in on at by for from to into onto with without within
    under over above below behind between among through during before after since until while as
    than like is are was were be been being am has have had having do does did doing done will
    would shall should can could may might must not never ever always often soon now then there
    here where when who whom whose which what why how that this these those it its he she they
    them him her we us you i me my your his their our if because though although whether about
    against across along around off out up down back away again once twice too very just only
    even still also both either neither all any each every some no more most other such same own
    until upon toward towards per via except
    """
)

VERBS = words(
    """
    accept act affect allow announce answer appear arrive ask attempt awake become becoming
    began begin begins believe belong break breaks bring brings build builds buy buys buzz call
    calls came capture care carry catch catches cause change changes claim collide collides come
    comes concern continue control cost create creates cry decide decides defend deliver deserve
    destroy detain detained die dies discover discovers disappear disappeared drag draw dream
    drive eat eats enact enacted end ends enjoy enter erases erase escape exist exists expect
    explain face faces fall fallen feel feels felt fight fill find finds finish finished fix
    float follow follows forget found gain gather get gets give gives given go goes got grant
    grants grow guard happen happens hate hear heard hears help hide hides hit hold holds hope
    hunt ignore inherit is keep keeps kept kill killed kills know known knows lack land last
    lead leads learn learns leave leaves left let lets let's lie lies listen live lives lived
    look looks lose loses lost love loves made make makes meet meets meeting monitor monitoring
    move moves moved need needs offer open opens pass pay picked play plead pleads possess
    promise promised prompts protect protects protecting prove proves pull push put puts reach
    reaches read realize realizes realise recognize recognizes refuse regain remember resort
    return returns rise roll rule run runs save saw say says scroll see sees seen seek select
    selected sell sells send sends sent serve set sets show shows shower sit sits sleep sleeps
    sold speak spread stand stands start starts started stay stays steal step stop stops
    struggling stumble stumbles suffer suppress suppresses survive swear take takes taken talk
    talks teach tell tells think thinks told train travel tried try trying turn turns undergo
    unroll use uses wait waits wake wakes walk walks want wants warn watch watches wear wearing
    win wins won wonder work works write writes wrote written called named thrown living running
    hiding looking waiting holding standing working sitting turning coming going taking hired
    rumoured rumored locked hidden built left lives' opens closed closes sings sing vanishes
    vanish vanished returns refuses filled buzzes designed activates discovered collided beats
    says
    """
)

NO_HEADS = words(
    """
    generation job decade middle version person ability character half grade problem state mercy
    fit original surface core future account mistake second longer further worst opportunity
    condition downfall ability challenge suicide
    way time lot one ones life lives day days year years week weeks month night nights morning
    evening today tomorrow moment thing things something anything nothing someone somebody
    anyone everyone everybody everything story stories paragraph paragraphs word words order
    prompt question part kind sort bit number name reason order fact case end beginning rest
    sense type idea fun bonus points style attention order concept need worth pm am chance
    period form realization intended creator worlds world hell empathy pitch field class
    hand eyes teeth gym cop page game pm home practices reader writer backstory soundtrack
    stories rage fit
    condition level whole battleground
    new rest unique American public insect animal
    account while use lack time sake second others little first last next great good bad old new
    real actual entire whole sudden long
    """
)

NO_NAMES = words(
    """
    I I'm I've AI XP TV OK CW RF RPG POW Reddit Americans English Bonus Write Tell Pitch Make
    Please Monday Tuesday Wednesday Thursday Friday Saturday Sunday The A An Question Week Meet
    Greet President Elite Bodyguard Time Travelers Institution American Cop Chinese Soviet
    Specialised Unfinished Suddenly Today Call Duty
    """
)

TRAILING = words(
    """
    special certain home together forever ago rather closer unique public happy beautiful
    whole alive alone
    """
)

NO_TITLES = words(
    """
    civilization teleportation becoming suddenly becomes call unfinished specialised
    """
)

KNOWN_PLACES = words(
    """
    Earth Mars Europe America England London Paris Eden Russia Africa Asia Rome Egypt Japan
    China India Germany France Spain Italy Scotland Ireland Norway Alaska Texas California
    """
)
