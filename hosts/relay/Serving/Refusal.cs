using Keyway.Cli;

namespace Keyway.Relay.Serving;

/// <summary>Why something is not served.</summary>
/// <param name="Reason">In a word, for programs.</param>
/// <param name="Text">In words. Without a secret.</param>
/// <param name="Page">The page that says what can be done.</param>
/// <param name="Code">The key system's or the service's own code.</param>
/// <param name="Advice">What can be done, in a line.</param>
internal sealed record Refusal(string Reason, string Text, string? Page = null, string? Code = null, string? Advice = null)
{
    /// <summary>What an exception means, in the words of the command.</summary>
    public static Refusal Of(Exception exception)
    {
        Failure failure = Failure.From(exception, CancellationToken.None);
        return new Refusal(failure.Reason ?? failure.Kind, failure.Message, failure.Page, failure.ProviderCode, failure.Advice);
    }
}
