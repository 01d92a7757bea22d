using Keyway.Decryption;
using Keyway.Protection;

namespace Keyway.Mp4;

/// <summary>Where a reader of protected media gets what opens a fragment.</summary>
public interface IMediaKeys
{
    /// <summary>Gives a decryptor for the protected samples of one fragment of one track. May wait: a licence is on its way.</summary>
    /// <param name="needs">What the fragment needs. Valid until the call ends.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The decryptor; the reader disposes it when the fragment is done.</returns>
    /// <exception cref="KeywayException">There will be no key.</exception>
    ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken);

    /// <summary>Announces <c>pssh</c> boxes in the <c>moof</c> of a fragment that itself needs no key: what they announce will be needed soon.</summary>
    /// <param name="boxes">The boxes.</param>
    /// <param name="scheme">The scheme of the track that they were found with.</param>
    void Announce(IReadOnlyList<PsshBox> boxes, ProtectionScheme scheme)
    {
    }
}
