using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Keyway.Sessions;

namespace Keyway.Hosting;

/// <content>The form of a file.</content>
public sealed partial class FileLicenseStore
{
    /// <summary>Writes and reads one file.</summary>
    /// <remarks>
    /// <code>
    ///  0   8  "keywaylc"
    ///  8   4  version, 1                                 big-endian, as every number
    /// 12   8  which key: HMAC-SHA-256 under it, its first bytes
    /// 20  16  the licence's identifier, which is also the file's name
    /// 36  12  nonce, random
    /// 48   n  AES-256-GCM: 4 bytes length of the facts, the facts, what the key system saved
    ///    16  tag, over all of it: the first 48 bytes are its associated data
    /// </code>
    /// Threads: one at a time.
    /// </remarks>
    internal sealed class LicenseFile : IDisposable
    {
        public const int KeyLength = 32;
        public const int MaximumLength = 8 << 20;

        private const int VersionAt = 8;
        private const int KeyNameAt = 12;
        private const int IdAt = 20;
        private const int NonceAt = 36;
        private const int HeaderLength = 48;
        private const int KeyNameLength = IdAt - KeyNameAt;
        private const int TagLength = 16;
        private const uint Version = 1;

        private readonly AesGcm _cipher;
        private readonly byte[] _keyName;

        public LicenseFile(ReadOnlySpan<byte> key)
        {
            _cipher = new AesGcm(key, TagLength);
            _keyName = HMACSHA256.HashData(key, "keyway license store"u8)[..KeyNameLength];
        }

        private static ReadOnlySpan<byte> Magic => "keywaylc"u8;

        /// <summary>Reads a key: as it is, in hexadecimal digits or in base64, with or without a line end.</summary>
        public static bool TryReadKey(ReadOnlySpan<byte> secret, Span<byte> key)
        {
            if (secret.Length == KeyLength)
            {
                secret.CopyTo(key);
                return true;
            }

            ReadOnlySpan<byte> text = secret.Trim(" \t\r\n"u8);
            if (text.Length == 2 * KeyLength) return Convert.FromHexString(text, key, out _, out int digits) == OperationStatus.Done && digits == KeyLength;
            return text.Length == 44 && text[^1] == '='
                && Base64.DecodeFromUtf8(text, key, out int read, out int written) == OperationStatus.Done && read == text.Length && written == KeyLength;
        }

        public byte[] Seal(StoredLicense license, ReadOnlySpan<byte> saved)
        {
            byte[] facts = LicenseFacts.Write(license);
            int length = sizeof(int) + facts.Length + saved.Length;
            byte[] clear = GC.AllocateUninitializedArray<byte>(length, pinned: true);
            byte[] file = new byte[HeaderLength + length + TagLength];
            try
            {
                BinaryPrimitives.WriteInt32BigEndian(clear, facts.Length);
                facts.CopyTo(clear.AsSpan(sizeof(int)));
                saved.CopyTo(clear.AsSpan(sizeof(int) + facts.Length));
                Magic.CopyTo(file);
                BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(VersionAt), Version);
                _keyName.CopyTo(file.AsSpan(KeyNameAt));
                license.Id.Value.TryWriteBytes(file.AsSpan(IdAt), bigEndian: true, out _);
                RandomNumberGenerator.Fill(file.AsSpan(NonceAt, HeaderLength - NonceAt));
                _cipher.Encrypt(file.AsSpan(NonceAt, HeaderLength - NonceAt), clear, file.AsSpan(HeaderLength, length), file.AsSpan(HeaderLength + length), file.AsSpan(0, HeaderLength));
                return file;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(clear);
            }
        }

        public bool TryOpen(ReadOnlySpan<byte> file, StoredLicenseId id, out StoredLicenseContent? content, out string? problem)
        {
            content = null;
            problem = WrongHeader(file, id);
            if (problem is not null) return false;
            byte[] clear = GC.AllocateUninitializedArray<byte>(file.Length - HeaderLength - TagLength, pinned: true);
            try
            {
                _cipher.Decrypt(file[NonceAt..HeaderLength], file[HeaderLength..^TagLength], file[^TagLength..], clear, file[..HeaderLength]);
                int length = clear.Length < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32BigEndian(clear);
                if (length < 0 || length > clear.Length - sizeof(int) || !LicenseFacts.TryRead(clear.AsMemory(sizeof(int), length), id, out StoredLicense? license))
                {
                    problem = "it is of a form that this version does not read";
                    return false;
                }

                content = new StoredLicenseContent(license!, clear.AsSpan(sizeof(int) + length));
                return true;
            }
            catch (AuthenticationTagMismatchException)
            {
                problem = "it is damaged, or somebody has changed it";
                return false;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(clear);
            }
        }

        public void Dispose() => _cipher.Dispose();

        private string? WrongHeader(ReadOnlySpan<byte> file, StoredLicenseId id)
        {
            if (file.Length < HeaderLength + TagLength || !file.StartsWith(Magic)) return "it is no stored licence";
            uint version = BinaryPrimitives.ReadUInt32BigEndian(file[VersionAt..]);
            if (version != Version) return $"it is of version {version}, and this version reads {Version}";
            if (!file.Slice(KeyNameAt, KeyNameLength).SequenceEqual(_keyName)) return $"it was written under another key than the secret '{SecretName}' is now";
            return new Guid(file.Slice(IdAt, 16), bigEndian: true) == id.Value ? null : "it is another licence than its name says";
        }
    }
}
