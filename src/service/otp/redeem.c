/*
 * Redeem: a receipt that was read and found right is marked as used, where it was not. The row
 * decides, so of many at once exactly one succeeds.
 */
#include "service/otp/priv.h"

enum og_code
og_otp_redeem_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_otp_redeem_op *self = (struct og_otp_redeem_op *)op;
    bool won = false;
    const enum og_code code = og_verification_redeem(tx->db, self->base.account_id,
                                                     self->receipt.id, tx->now_ms, &won, &op->err);
    return code != OG_OK || won
               ? code
               : og_fail(&op->err, OG_E_CONFLICT, "receipt", "has been redeemed already");
}
