namespace Keyway.Relay;

/// <summary>How the relay serves.</summary>
internal sealed record RelayOptions
{
    /// <summary>The port on 127.0.0.1; 0: any free one.</summary>
    public int Port { get; init; }

    /// <summary>Origins whose pages may play what is served, beside the relay's own: <c>https://app.example</c>.</summary>
    public IReadOnlyCollection<string> Pages { get; init; } = [];
}
