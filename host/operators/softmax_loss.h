// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace kith::host {

/// kith::masked_softmax_loss: each row must find its positive among candidates, one of which it may
/// not see.
///
///   s_ij = rows_i . candidates_j / temperature
///   loss = mean over i of  log(sum over j != excluded_i of exp(s_ij)) - s_i,positive_i
///
/// rows [N, C], candidates [M, C], of one device; positive and excluded int64 [N] in [0, M), and
/// positive_i != excluded_i. The candidates may be the rows themselves, or gathered ones. A
/// temperature that is learnt is multiplied into the rows. Gives a 0-d tensor, in nats, with a
/// gradient for rows and candidates.
///
/// float32 and float64 are computed as they are; other real dtypes, and all under autocast, in
/// float32, and the loss is float32 then. On the CPU in tiles (softmax_tiles.h), with the gradients
/// found in the forward pass, so that there is no second derivative: asking for one throws.
/// Elsewhere it is a composition of ATen's operators with an [N, M] tensor, not a kernel. Positions
/// are checked on the CPU only: a check elsewhere would wait for the device. [any thread]
///
/// The sum and the mean are those of SimCLR, arXiv 2002.05709, Sec. 2.1, Eq. 1.
/// @throws c10::Error  on shapes, dtypes, positions or a temperature that do not fit, with what
/// came.
at::Tensor masked_softmax_loss(const at::Tensor& rows, const at::Tensor& candidates,
                               const at::Tensor& positive,
                               const std::optional<at::Tensor>& excluded, double temperature);

/// kith::paired_softmax_loss: each row must find its own positive among that and negatives that all
/// rows share.
///
///   loss = mean over i of  log(exp(p_i) + sum over j of exp(s_ij)) - p_i
///   p_i  = rows_i . positives_i / temperature,  s_ij = rows_i . negatives_j / temperature
///
/// rows and positives [N, C], negatives [M, C]; otherwise as masked_softmax_loss, with a gradient
/// for all three. It is MoCo's, arXiv 1911.05722, Sec. 3.1, Eq. 1.
at::Tensor paired_softmax_loss(const at::Tensor& rows, const at::Tensor& positives,
                               const at::Tensor& negatives, double temperature);

/// The composed forms, on any device.
at::Tensor masked_softmax_loss_composed(const at::Tensor& rows, const at::Tensor& candidates,
                                        const at::Tensor& positive,
                                        const std::optional<at::Tensor>& excluded,
                                        double temperature);
at::Tensor paired_softmax_loss_composed(const at::Tensor& rows, const at::Tensor& positives,
                                        const at::Tensor& negatives, double temperature);

}  // namespace kith::host
