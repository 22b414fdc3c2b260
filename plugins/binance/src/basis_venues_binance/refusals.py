"""What Binance's codes prove (`reference: cex.md §8.3`). A code that is not here proves nothing.

Codes from -4000 on mean one thing of a futures order and another of a withdrawal: those that are here refuse either.
"""

from __future__ import annotations

from basis_venues_ccxt.live import Proof, Proofs

PROOFS = Proofs(
    {
        Proof.FATAL: (-1002, -1022, -1099, -1109, -2008, -2014, -2015),
        Proof.FILTER: (-1013, -1111, -4002, -4003, -4004, -4005, -4013, -4014, -4016, -4023, -4028, -4141, -4164),
        Proof.REFUSED: (
            *(-1016, -1020, -1121, -1128, -1130, *range(-1106, -1099), *range(-1118, -1113)),
            *(-2010, -2018, -2019, -2024, -2025, -2027, -2028),
            *(-4015, -4047, -4048, -4050, -4051, -4061, -4067, -4068, -4118, -4131, -4140, -5021, -5022),
            *(-3041, -4024, -4025, -4026, -5002, -5003, -5013, -6012, -9000, -4007, -4018, -4021, -4022, -4033),
        ),
        Proof.PACE: (-1003, -1015),
        Proof.CLOCK: (-1021,),
        Proof.LATE: (-5028,),
    },
    absent=(-2013,),
    words={
        ("-2010", "duplicate"): None,  # the id is or was open: look it up
        ("-2010", "market is closed"): Proof.FILTER,
        ("-2022", "reduceonly"): Proof.REFUSED,  # on futures; on spot the code means something else
        ("-2021", "immediately trigger"): Proof.REFUSED,
    },
    http={418: Proof.PACE},
)
