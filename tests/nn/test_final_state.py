"""FinalState is h_n of the last layer, of both ways where there are two, and so its gradients."""

import numpy as np
import pytest

from microgd import Tensor, gradcheck, nn
from microgd.nn import FinalState

X = np.random.default_rng(0).normal(size=(3, 5, 2))


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("options", [{}, {"num_layers": 2}, {"bidirectional": True}])
def test_it_is_the_output_where_each_way_ends(kind, options):
    recurrent = kind(2, 4, batch_first=True, rng=0, **options)
    outputs, _ = recurrent(X)
    ends = [outputs[:, -1, :4].data, *([outputs[:, 0, 4:].data] if "bidir" in str(options) else [])]
    assert np.array_equal(FinalState(recurrent)(X).data, np.concatenate(ends, axis=1))


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_one_sequence_is_a_vector(kind):
    recurrent = kind(2, 4, rng=0)
    assert FinalState(recurrent)(X[0]).shape == (4,)


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}])
def test_its_gradient_is_that_of_finite_differences(options):
    reader = FinalState(nn.GRU(2, 3, batch_first=True, rng=0, **options))
    gradcheck(lambda x: (reader(x) ** 2).sum(), Tensor(X, requires_grad=True))


def test_its_parameters_are_those_of_the_network_inside():
    reader = FinalState(nn.LSTM(2, 3, rng=0))
    assert next(iter(reader.state_dict())) == "recurrent.weight_ih_l0"
    assert len(reader.parameters()) == 4


def test_what_reads_no_sequence_is_refused():
    with pytest.raises(TypeError, match=r"FinalState: Linear.* goes through no sequence; give an"):
        FinalState(nn.Linear(2, 2))
