namespace Keyway.Fleet.Configuration;

/// <summary>Who is told, and how. The address is a secret: it may have a token in it.</summary>
internal sealed record WebhookOptions(string Name, string Url, bool IsAlertmanager);
