using Keyway.Fleet.Checks;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Watching;

/// <summary>What a stream knows of one of its key sets.</summary>
internal sealed class KeySetMemory(KeySet set, DateTimeOffset announced)
{
    public KeySet Set { get; set; } = set;

    public DateTimeOffset AnnouncedAt { get; } = announced;

    /// <summary>Where in the time for first checks its own falls, from 0 to 1.</summary>
    public double Spread { get; } = Random.Shared.NextDouble();

    /// <summary>Whether somebody is asking now.</summary>
    public bool IsBusy { get; set; }

    public DateTimeOffset? AskedAt { get; set; }

    public KeyFacts? Facts { get; set; }

    public DecryptOutcome Decrypt { get; set; }

    public string DecryptText { get; set; } = "";

    public DateTimeOffset? DecryptedAt { get; set; }

    /// <summary>Whether the newest segment needs it, as far as one could be looked at that needed another.</summary>
    public bool IsNext { get; set; }

    /// <summary>How many segments were decrypted: renditions take turns.</summary>
    public int Turn { get; set; }

    /// <summary>Takes over what a set of some of the same keys is known by: of a list that slides on, each is a new set.</summary>
    public void Follow(KeySetMemory before)
    {
        (Decrypt, DecryptText, DecryptedAt) = (before.Decrypt, before.DecryptText, before.DecryptedAt);
        (IsNext, Turn) = (before.IsNext, before.Turn);
    }

    public KeyView View => new()
    {
        Name = Set.Name,
        AnnouncedAt = AnnouncedAt,
        NeededAt = Set.NeededAt,
        IsCurrent = Set.IsCurrent,
        License = Facts?.State ?? (IsBusy ? LicenseState.Asking : LicenseState.None),
        Failure = Facts?.Failure,
        AskedAt = AskedAt,
        Expires = Facts?.Expires,
        IsRenewalFailing = Facts?.IsRenewalFailing == true,
        RoundTrip = Facts?.RoundTrip,
        Decrypt = Decrypt,
        DecryptText = DecryptText,
        DecryptedAt = DecryptedAt,
    };

    public KeyReport Report => new()
    {
        KeyIds = [.. Set.KeyIds.Select(static id => id.ToString())],
        AnnouncedAt = AnnouncedAt,
        NeededAt = Set.NeededAt,
        IsCurrent = Set.IsCurrent,
        License = Facts,
        Decrypt = Decrypt,
        DecryptText = DecryptText,
        DecryptedAt = DecryptedAt,
    };
}
