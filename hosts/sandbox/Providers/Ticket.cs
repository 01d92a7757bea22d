namespace Keyway.Sandbox.Providers;

/// <summary>A token that is good.</summary>
/// <param name="Name">Its name, by which it is known to have been used.</param>
/// <param name="Uses">How many licences it is good for; 0: any number.</param>
internal sealed record Ticket(string Name, int Uses)
{
    /// <summary>What stands for a client that is known without a token.</summary>
    public static Ticket None { get; } = new("", 0);
}
