namespace Keyway.Decryption;

/// <summary>Decrypts the samples of one fragment. A key is leased at its first sample and given back by disposing.</summary>
/// <remarks>
/// <para>Threads: one at a time, disposing included. Decrypting allocates nothing, takes no lock and reads no clock but for the first sample of each key.</para>
/// <para>A key that is revoked or expires meanwhile still serves the rest of this fragment, and not the next.</para>
/// </remarks>
public interface IFragmentDecryptor : ISampleDecryptor, IDisposable;
