namespace Keyway.Hosting.Configuration;

/// <summary>The bus: the section <c>Keyway:Messaging</c>.</summary>
public sealed record MessagingOptions
{
    /// <summary>What carries facts.</summary>
    public MessageTransport Transport { get; init; }
}
