namespace Keyway.Sandbox.Providers;

/// <summary>A request that gets no licence. The text never holds what the request held.</summary>
/// <param name="refusal">Why.</param>
/// <param name="message">Why, in a sentence.</param>
internal sealed class ProviderException(Refusal refusal, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public Refusal Refusal { get; } = refusal;

    /// <summary>The provider's own code, where the request asked for one.</summary>
    public int? Code { get; init; }
}
