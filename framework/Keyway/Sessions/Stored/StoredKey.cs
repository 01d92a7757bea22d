using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>What is known about one key of a stored licence. Never its bytes.</summary>
public sealed record StoredKey
{
    /// <summary>The key's identifier.</summary>
    public required KeyId Id { get; init; }

    /// <summary>The scheme that it was wanted for; <see cref="ProtectionScheme.None"/> where nobody said.</summary>
    public ProtectionScheme Scheme { get; init; }

    /// <summary>When the key was first used; <see langword="null"/>: never.</summary>
    public DateTimeOffset? FirstUse { get; init; }

    /// <summary>What the licence says about time and renewal, for people and for choosing. What it asks of outputs is not kept; the licence itself decides.</summary>
    public required KeyPolicy Policy { get; init; }

    /// <summary>When time ends it as things are; for a key that was never used, when its first use comes too late. <see langword="null"/>: never.</summary>
    public DateTimeOffset? Ends => KeyRules.EndOf(Policy, new KeyHistory { FirstUse = FirstUse });

    /// <summary>Whether time ends the key: then a clock that went backwards would lengthen it.</summary>
    public bool IsTimeLimited => KeyRules.LimitsTime(Policy);

    /// <summary>The members of a policy that are about time.</summary>
    internal static KeyPolicy TimesOf(KeyPolicy policy) => policy with { Output = OutputRequirement.None };
}
