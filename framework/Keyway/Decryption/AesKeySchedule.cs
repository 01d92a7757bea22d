using System.Numerics;
using System.Runtime.Intrinsics;
using Arm = System.Runtime.Intrinsics.Arm;
using X86 = System.Runtime.Intrinsics.X86;

namespace Keyway.Decryption;

/// <summary>Expands an AES-128 key (FIPS 197, 5.2) into the memory of a <see cref="ContentKey"/>.</summary>
/// <remarks>
/// <code>
/// offset   0   eleven round keys for encryption; the first is the key itself
///        192   eleven round keys for the equivalent inverse cipher (FIPS 197, 5.3.5)
///        384   256 differences for CTR: what round 1 makes of the last counter byte (x86 only)
///       4480   end
/// </code>
/// Where there are no AES instructions only the key is stored: the operating system expands it for itself.
/// </remarks>
internal static unsafe class AesKeySchedule
{
    /// <summary>The size of a key in bytes.</summary>
    public const int KeySize = 16;

    /// <summary>Where the round keys for decryption begin.</summary>
    public const int DecryptOffset = 192;

    /// <summary>Where the differences for CTR begin.</summary>
    public const int DifferenceOffset = 384;

    /// <summary>The size of everything in bytes.</summary>
    public const int Size = DifferenceOffset + 256 * AesHardware.BlockSize;

    private const int Rounds = 10;

    /// <summary>Expands a key.</summary>
    /// <param name="key">16 bytes.</param>
    /// <param name="block">At least <see cref="Size"/> bytes, aligned to 16.</param>
    /// <param name="path">What the block is for.</param>
    public static void Expand(ReadOnlySpan<byte> key, byte* block, AesPath path)
    {
        key.CopyTo(new Span<byte>(block, KeySize));
        if (path == AesPath.Portable) return;
        ExpandEncryption((uint*)block);
        DeriveDecryption(block, block + DecryptOffset);
        if (path == AesPath.X86) DeriveDifferences(block, block + DifferenceOffset);
    }

    private static void ExpandEncryption(uint* words)
    {
        uint constant = 1;
        for (int i = 4; i < 4 * (Rounds + 1); i++)
        {
            uint word = words[i - 1];
            if (i % 4 == 0)
            {
                // Bytes lie in little-endian order: the standard's rotation to the left is one to the right.
                word = SubstituteBytes(BitOperations.RotateRight(word, 8)) ^ constant;
                constant = (constant << 1) ^ ((constant >> 7) * 0x11B);
            }

            words[i] = words[i - 4] ^ word;
        }
    }

    /// <summary>SubWord without a table: with four equal columns ShiftRows changes nothing, so a last round is SubBytes alone.</summary>
    private static uint SubstituteBytes(uint word)
    {
        Vector128<byte> columns = Vector128.Create(word).AsByte();
        Vector128<byte> result = X86.Aes.IsSupported
            ? X86.Aes.EncryptLast(columns, Vector128<byte>.Zero)
            : Arm.Aes.Encrypt(columns, Vector128<byte>.Zero);
        return result.AsUInt32().ToScalar();
    }

    private static void DeriveDecryption(byte* encryption, byte* decryption)
    {
        for (int round = 0; round <= Rounds; round++)
        {
            Vector128<byte> key = Vector128.Load(encryption + (Rounds - round) * AesHardware.BlockSize);
            if (round is not (0 or Rounds))
                key = X86.Aes.IsSupported ? X86.Aes.InverseMixColumns(key) : Arm.Aes.InverseMixColumns(key);
            key.Store(decryption + round * AesHardware.BlockSize);
        }
    }

    /// <summary>
    /// SubBytes works on each byte alone and the rest of a round is linear. So two counters that share all but the last byte
    /// differ after round 1 by a value that depends on the key and on that byte, and on nothing else.
    /// </summary>
    private static void DeriveDifferences(byte* encryption, byte* differences)
    {
        Vector128<byte> whitening = Vector128.Load(encryption);
        Vector128<byte> origin = X86.Aes.Encrypt(whitening, Vector128<byte>.Zero);
        for (int last = 0; last < 256; last++)
        {
            Vector128<byte> counter = Vector128<byte>.Zero.WithElement(15, (byte)last);
            (X86.Aes.Encrypt(whitening ^ counter, Vector128<byte>.Zero) ^ origin).Store(differences + last * AesHardware.BlockSize);
        }
    }
}
