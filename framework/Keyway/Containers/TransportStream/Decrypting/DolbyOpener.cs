using System.Runtime.Intrinsics;
using Keyway.Decryption;

namespace Keyway.Containers.TransportStream.Decrypting;

/// <summary>Opens AC-3 and E-AC-3.</summary>
/// <remarks>
/// <code>
/// │ 16 clear │████████ whole blocks ████████│ 0 to 15 clear │      of each syncframe, from its sync word on
/// </code>
/// Whether the vector begins anew with each syncframe, or the chain goes on through those of one audio frame, is read differently by those who write it. The two readings differ in
/// the first block alone; the check of the syncframe decides for each.
/// </remarks>
internal sealed class DolbyOpener : UnitOpener
{
    private const int Lead = 16;
    private const int Block = 16;

    private bool _hasFitted;
    private long _damaged;

    /// <inheritdoc/>
    public override string? Note => _damaged == 0 ? null : $"the check of {_damaged} syncframes does not hold, although the key fits others";

    /// <inheritdoc/>
    public override bool IsWhole(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= DolbyHeader.Least && DolbyHeader.TryRead(bytes, out DolbyHeader header) is null && header.Length <= bytes.Length) bytes = bytes[header.Length..];
        return bytes.IsEmpty || (bytes.Length >= DolbyHeader.Least ? DolbyHeader.TryRead(bytes, out _) is not null : bytes[0] != 0x0B);
    }

    /// <inheritdoc/>
    protected override int OpenUnits(Span<byte> bytes, SampleAesKey key, bool isMarked, in UnitPlace place)
    {
        Vector128<byte> vector = Vector128.Create(key.Vector), chain = vector;
        for (Span<byte> rest = bytes; !rest.IsEmpty;)
        {
            if (rest.Length < DolbyHeader.Least) throw place.Error("a syncframe is cut short");
            if (DolbyHeader.TryRead(rest, out DolbyHeader header) is { } problem) throw place.Error(problem);
            if (header.Length > rest.Length) throw place.Error($"a syncframe of {header.Length} bytes is cut short after {rest.Length}");
            Span<byte> frame = rest[..header.Length];
            rest = rest[header.Length..];
            int blocks = Math.Max(0, frame.Length - Lead) / Block;
            if (blocks == 0 || (!isMarked && DolbyCrc.Holds(frame)))
            {
                ClearUnits++;
                continue;
            }

            Vector128<byte> last = Vector128.Create((ReadOnlySpan<byte>)frame.Slice(Lead + ((blocks - 1) * Block), Block));
            key.OpenBlocks(frame.Slice(Lead, blocks * Block), place);
            if (!key.IsDeferred) Verify(frame, vector ^ chain, key, place);
            else IsUndecided |= header.IsEnhanced && chain != vector;
            chain = last;
            ProtectedUnits++;
        }

        return bytes.Length;
    }

    /// <inheritdoc/>
    protected override void Forget() => _hasFitted = false;

    private void Verify(Span<byte> frame, Vector128<byte> other, SampleAesKey key, in UnitPlace place)
    {
        bool holds = DolbyCrc.Holds(frame);
        if (!holds && other != Vector128<byte>.Zero)
        {
            Turn(frame, other);
            holds = DolbyCrc.Holds(frame);
            if (!holds) Turn(frame, other);
        }

        if (holds)
        {
            _hasFitted = IsVerified = true;
            return;
        }

        // One damaged syncframe does not make a wrong key of one that has fitted others.
        if (!_hasFitted) throw new UnitDecryptionException(place, key.Id, DecryptStatus.Decrypted);
        _damaged++;

        static void Turn(Span<byte> frame, Vector128<byte> difference) => (Vector128.Create((ReadOnlySpan<byte>)frame.Slice(Lead, Block)) ^ difference).CopyTo(frame[Lead..]);
    }
}
