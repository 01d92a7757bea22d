using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Keyway.Cpix.Xml;
using Keyway.Decryption;
using Keyway.Mp4;

namespace Keyway.Cpix;

/// <summary>
/// A CPIX document (DASH-IF Content Protection Information Exchange, 2.0 to 2.4): content keys, in the clear or encrypted for recipients, what protection systems want said about them,
/// and rules that say which key is for which track and time. An answer of SPEKE that was kept as a file is one.
/// </summary>
/// <remarks>
/// <para>Ownership: keys go into native memory while the document is read, are copied from there into sets of keys (<see cref="AddTo(RawMediaKeys)"/>), and are zeroed when this is disposed. Nothing
/// gives them out. The bytes that it was read from are the caller's, who zeroes them where they hold keys in the clear.</para>
/// <para>Threads: one at a time.</para>
/// <para>Nothing that a document names is fetched; DTDs are refused; signatures are not verified.</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class CpixDocument : IKeyDirectory, IDisposable
{
    private readonly string _source;
    private readonly KeyStore _store;
    private readonly Dictionary<KeyId, CpixContentKey> _byId;
    private readonly CpixRules _rules;
    private bool _isSpoilt;

    private CpixDocument(string source, CpixReader reader, KeyStore store)
    {
        (_source, _store) = (source, store);
        (Id, ContentId, Name, Version) = (reader.Id, reader.ContentId, reader.Name, reader.Version);
        (ContentKeys, Recipients, Systems, KeyPeriods, UsageRules, Notes) = (reader.Keys, reader.Recipients, reader.Systems, reader.Periods, reader.Rules, reader.Notes);
        _byId = reader.Keys.ToDictionary(static key => key.Id);
        _rules = new CpixRules(reader.Rules, reader.Periods);
        foreach ((CpixUsageRule first, CpixUsageRule second) in _rules.Conflicts().Take(CpixLimits.Notes - Math.Min(reader.Notes.Count, CpixLimits.Notes)))
            reader.Notes.Add($"two keys are for some tracks and times: {first.KeyId} (at {first.Path}) and {second.KeyId} (at {second.Path})");
    }

    /// <summary>The document's identifier (<c>@id</c>), which SPEKE 1 has for that of the content.</summary>
    public string? Id { get; }

    /// <summary>The content that it is about (<c>@contentId</c>).</summary>
    public string? ContentId { get; }

    /// <summary>Its name (<c>@name</c>), for people.</summary>
    public string? Name { get; }

    /// <summary>The edition of CPIX that it says it follows; <see langword="null"/>: it does not say.</summary>
    public string? Version { get; }

    /// <summary>Its keys, in its order.</summary>
    public IReadOnlyList<CpixContentKey> ContentKeys { get; }

    /// <summary>Whom keys are encrypted for.</summary>
    public IReadOnlyList<CpixRecipient> Recipients { get; }

    /// <summary>What protection systems want said, one for each system and key.</summary>
    public IReadOnlyList<CpixDrmSystem> Systems { get; }

    /// <summary>The key periods.</summary>
    public IReadOnlyList<CpixKeyPeriod> KeyPeriods { get; }

    /// <summary>The usage rules.</summary>
    public IReadOnlyList<CpixUsageRule> UsageRules { get; }

    /// <summary>What is unusual, and did not keep it from being read.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Whether keys are encrypted that nobody has opened so far.</summary>
    public bool IsLocked => ContentKeys.Any(static key => key.State == CpixKeyState.Encrypted);

    /// <summary>Reads a document.</summary>
    /// <param name="content">Its bytes, at most 1 MiB. Ownership: the caller's, who zeroes them where they hold keys.</param>
    /// <param name="source">What to call it in messages: its file.</param>
    /// <returns>The document. Ownership: the caller's.</returns>
    /// <exception cref="CpixException">It is none, is larger than is read, or contradicts itself. The text has no letter of a key.</exception>
    public static CpixDocument Read(ReadOnlySpan<byte> content, string source = "")
    {
        ArgumentNullException.ThrowIfNull(source);
        if (content.Length > CpixLimits.Bytes) throw new CpixException(source, CpixErrorKind.Malformed, new FormatError($"a CPIX document has at most {CpixLimits.Bytes >> 20} MiB", "", -1));
        byte[] bytes = GC.AllocateUninitializedArray<byte>(content.Length + CpixCursor.Padding, pinned: true);
        KeyStore store = new();
        try
        {
            content.CopyTo(bytes);
            using MemoryStream stream = new(bytes, 0, CpixCursor.Pad(bytes, content.Length), writable: false);
            using CpixCursor at = new(stream, source);
            CpixReader reader = new(at, store);
            at.Read(reader.Read);
            return new CpixDocument(source, reader, store);
        }
        catch
        {
            store.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Opens the keys that are encrypted for a recipient. Every message authentication code is checked before a key is opened; if one does not hold, or a key cannot be opened, the document gives no key any more, neither one that was in the clear.</summary>
    /// <param name="recipient">The recipient's private key. Ownership: the caller's.</param>
    /// <exception cref="CpixException">The keys are for other recipients, were changed, or cannot be opened; or an algorithm is none that is opened here.</exception>
    public void Unlock(RSA recipient)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        List<CpixContentKey> locked = [.. ContentKeys.Where(static key => key.Encrypted is not null && key.Slot < 0)];
        if (locked.Count == 0) return;
        RSAParameters own = recipient.ExportParameters(includePrivateParameters: false);
        List<CpixRecipient> deliveries = [.. Recipients.Where(each => IsSame(each.Modulus, own.Modulus) && IsSame(each.Exponent, own.Exponent))];
        if (deliveries.Count == 0) throw Refuse(CpixErrorKind.OtherRecipient, $"the keys are encrypted for {Names()}, and the key that was given is another's", "/CPIX");
        if (deliveries.All(static each => each.DocumentKeys.Count == 0)) throw Refuse(CpixErrorKind.NoKey, "the recipient is named, and no document key is there for it: this is a request", deliveries[0].Path);
        try
        {
            using CpixOpener opener = new(_source, recipient);
            foreach ((CpixContentKey key, int slot) in opener.Open(deliveries, locked, _store)) (key.Slot, key.State) = (slot, CpixKeyState.Opened);
        }
        catch (CpixException)
        {
            _isSpoilt = true;
            throw;
        }

        foreach (CpixContentKey key in locked)
            if (key.Slot < 0) key.State = CpixKeyState.ForOthers;
        if (locked.All(static key => key.State == CpixKeyState.ForOthers)) throw Refuse(CpixErrorKind.OtherRecipient, "none of the keys is encrypted for the recipient whose key was given: its document keys are for other keys (@encryptsKey)", deliveries[0].Path);
    }

    /// <summary>
    /// Adds every key that is there to a set, each for its identifier. The set then also refuses tracks whose scheme the document contradicts, and asks the document's rules for the key of
    /// a track whose samples name none; of several documents, those of the last.
    /// </summary>
    /// <param name="keys">The set. It gets copies: this may be disposed before it.</param>
    /// <returns>How many keys there were.</returns>
    /// <exception cref="CpixException">There is none: it is a request, or its keys are encrypted and nobody has opened them.</exception>
    public int AddTo(RawMediaKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return Each((id, slot) => keys.Add(id, _store[slot], this));
    }

    /// <summary>Adds every key that is there to a ring, each for its identifier.</summary>
    /// <param name="keys">The ring.</param>
    /// <returns>How many keys there were.</returns>
    /// <exception cref="CpixException">There is none.</exception>
    public int AddTo(RawKeyRing keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return Each((id, slot) => keys.Add(id, _store[slot]));
    }

    /// <summary>Adds one key to a ring, for its identifier.</summary>
    /// <param name="keys">The ring.</param>
    /// <param name="id">The key's identifier.</param>
    /// <param name="scheme">What the content is protected with: SAMPLE-AES is <see cref="ProtectionScheme.Cbcs"/>. <see cref="ProtectionScheme.None"/>: it is not compared.</param>
    /// <exception cref="CpixException">The key is not there, or is for another scheme.</exception>
    public void AddTo(RawKeyRing keys, KeyId id, ProtectionScheme scheme = ProtectionScheme.None)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ReadOnlySpan<byte> key = _store[SlotOf(id)];
        Compare(_byId[id], scheme, track: null);
        keys.Add(id, key);
    }

    /// <summary>Adds one key to a set for an address at which a playlist says it is: content that names no key identifier (HLS).</summary>
    /// <param name="keys">The set.</param>
    /// <param name="id">The key's identifier.</param>
    /// <param name="address">The address as the playlist means it: absolute.</param>
    /// <exception cref="CpixException">The key is not there.</exception>
    public void AddTo(RawMediaKeys keys, KeyId id, Uri address)
    {
        ArgumentNullException.ThrowIfNull(keys);
        keys.Add(address, _store[SlotOf(id)]);
    }

    /// <summary>Adds one key to a set for a track, whatever identifiers its samples name.</summary>
    /// <param name="keys">The set.</param>
    /// <param name="id">The key's identifier.</param>
    /// <param name="trackId">The track's number in its file, which is not 0.</param>
    /// <exception cref="CpixException">The key is not there.</exception>
    public void AddTo(RawMediaKeys keys, KeyId id, uint trackId)
    {
        ArgumentNullException.ThrowIfNull(keys);
        keys.Add(trackId, _store[SlotOf(id)]);
    }

    /// <summary>The initialisation vector that stands with a key (<c>@explicitIV</c>): a secret like the key, as there are services that write the key itself there.</summary>
    /// <param name="id">The key's identifier.</param>
    /// <param name="vector">16 bytes, which are overwritten.</param>
    /// <returns><see langword="false"/>: there is none.</returns>
    public bool TryGetInitializationVector(KeyId id, Span<byte> vector)
    {
        if (!_byId.TryGetValue(id, out CpixContentKey? key) || key.Vector < 0) return false;
        _store[key.Vector].CopyTo(vector);
        return true;
    }

    /// <summary>Which key the usage rules mean for a track and a time. Content that names its keys needs nobody to ask: what it says counts.</summary>
    /// <param name="context">What is known about the track and the time.</param>
    /// <returns>The key's identifier; <see langword="null"/>: no rule is for such a track. Without any rule the only key of a document is for everything.</returns>
    /// <exception cref="CpixException">The rules give two keys (<see cref="CpixErrorKind.Conflict"/>), or choose by something that is not known (<see cref="CpixErrorKind.Undecided"/>).</exception>
    public KeyId? FindKey(CpixContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (UsageRules.Count > 0) return _rules.Choose(context, Refuse);
        return ContentKeys.Count switch
        {
            0 => null,
            1 => ContentKeys[0].Id,
            _ => throw Refuse(CpixErrorKind.Undecided, string.Create(CultureInfo.InvariantCulture, $"there are {ContentKeys.Count} keys and no usage rules: nothing says which is meant"), "/CPIX"),
        };
    }

    /// <summary>Zeroes the keys. Sets of keys that got copies keep them.</summary>
    public void Dispose() => _store.Dispose();

    /// <summary>Returns what it is, and nothing of its keys.</summary>
    /// <returns>How many keys it has.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"CPIX, {ContentKeys.Count} keys");

    void IKeyDirectory.Check(FragmentNeeds needs, KeyId id, bool isHeld)
    {
        if (!_byId.TryGetValue(id, out CpixContentKey? key)) return;
        Compare(key, needs.Scheme, needs.Track);
        if (!isHeld) throw NotThere(key);
    }

    KeyId IKeyDirectory.Choose(Mp4Track track) => FindKey(CpixContext.Of(track))
        ?? throw Refuse(CpixErrorKind.NoKey, string.Create(CultureInfo.InvariantCulture, $"the samples of track {track.Id} name no key, and no usage rule is for such a track"), "/CPIX");

    private static bool IsSame(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => !one.IsEmpty && one.TrimStart((byte)0).SequenceEqual(other.TrimStart((byte)0));

    private void Compare(CpixContentKey key, ProtectionScheme scheme, Mp4Track? track)
    {
        if (key.Scheme == ProtectionScheme.None || scheme == ProtectionScheme.None || key.Scheme == scheme) return;
        string what = track is not null ? string.Create(CultureInfo.InvariantCulture, $"track {track.Id}") : "the content";
        throw Refuse(CpixErrorKind.SchemeMismatch, $"key {key.Id} is for {WordOf(key.Scheme)}, and {what} is protected with {WordOf(scheme)}", key.Path);
    }

    private static string WordOf(ProtectionScheme scheme) => scheme.ToString().ToLowerInvariant();

    private int Each(Action<KeyId, int> add)
    {
        int count = 0;
        RequireSound();
        foreach (CpixContentKey key in ContentKeys)
        {
            if (key.Slot < 0) continue;
            add(key.Id, key.Slot);
            count++;
        }

        if (count > 0) return count;
        throw ContentKeys.Count == 0 ? Refuse(CpixErrorKind.NoKey, "there is no key in it", "/CPIX") : NotThere(ContentKeys.FirstOrDefault(static key => key.State != CpixKeyState.Absent) ?? ContentKeys[0]);
    }

    private int SlotOf(KeyId id)
    {
        RequireSound();
        if (!_byId.TryGetValue(id, out CpixContentKey? key)) throw Refuse(CpixErrorKind.NoKey, $"key {id} is not in it", "/CPIX");
        return key.Slot >= 0 ? key.Slot : throw NotThere(key);
    }

    private void RequireSound()
    {
        if (_isSpoilt) throw Refuse(CpixErrorKind.NotAuthentic, "its keys could not be opened, and no key is taken from it", "/CPIX");
    }

    private CpixException NotThere(CpixContentKey key) => key.State switch
    {
        CpixKeyState.Encrypted => Refuse(CpixErrorKind.NoKey, $"key {key.Id} is encrypted for {Names()}, and no recipient's private key has opened it", key.Path),
        CpixKeyState.ForOthers => Refuse(CpixErrorKind.OtherRecipient, $"key {key.Id} is encrypted for others than the recipient whose key was given", key.Path),
        _ => Refuse(CpixErrorKind.NoKey, $"key {key.Id} is named, and its value is not there: this is a request, or says what is to be signalled", key.Path),
    };

    private string Names()
    {
        const int Most = 3;
        string[] named = [.. Recipients.Select(static each => each.Subject is { } subject ? $"{subject} (serial {each.SerialNumber})" : each.Name ?? "a recipient without a certificate").Distinct(StringComparer.Ordinal)];
        return named.Length switch
        {
            0 => "nobody who is named",
            <= Most => string.Join(", ", named),
            _ => string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", named.Take(Most))} and {named.Length - Most} more"),
        };
    }

    private CpixException Refuse(CpixErrorKind kind, string reason, string path) => Refuse(kind, new FormatError(reason, path, -1));

    private CpixException Refuse(CpixErrorKind kind, FormatError error) => new(_source, kind, error);
}
