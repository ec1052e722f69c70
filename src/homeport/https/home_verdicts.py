"""Judging what was found out about a blog for the home network alone (method internal)."""

from homeport.core.findings import Row, good, look
from homeport.https.facts import Facts

HERE = "Have the router give this name to this computer"


def address(facts: Facts) -> Row:
    """Whether the name leads to this computer at home.

    Nothing of it is to be mended for certain: the lists of hosts of the devices cannot be seen from here.
    """
    title, values = f"Address of {facts.names.domain}", (*facts.names.a.values, *facts.names.aaaa.values)
    wanted = f"{facts.router.own or 'its address at home'} {facts.names.domain}"
    shown = ", ".join(values)
    if facts.led_here:
        return good(title, f"The name leads to {shown}, which is this computer.")
    if values:
        meaning = f"The name leads to {shown}, and this computer is {facts.router.own or 'at another address'}."
        return look(title, f"{meaning} {HERE} if that is not what you want.", type_this=wanted)
    meaning = f"No name server here knows the name. {HERE}, or write it into the list of hosts of each device"
    return look(title, f"{meaning}; where that is done, all is well.", type_this=wanted)
