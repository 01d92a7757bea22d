using System.Buffers;

namespace Keyway.Licensing.Exchanges;

/// <summary>What an exchange looked like when a step got it: restored before the rest of the pipeline is called again, so that nothing is added twice.</summary>
internal readonly struct ExchangeStart(LicenseExchange exchange)
{
    private readonly LicenseRequest _request = exchange.Request;
    private readonly ReadOnlySequence<byte> _body = exchange.Body;
    private readonly ChallengeKind _kind = exchange.Kind;
    private readonly string? _customData = exchange.CustomData;

    public void Restore(LicenseExchange exchange)
    {
        exchange.Request = _request;
        exchange.Body = _body;
        exchange.Kind = _kind;
        exchange.CustomData = _customData;
        exchange.Answer = null;
    }
}
