using Keyway.Licensing;
using Keyway.Protection;

namespace Keyway.KeyFiles;

/// <summary>
/// The key system of keys that lie in the open: a playlist says where, and whoever gets the file has the key (RFC 8216, the key format <c>identity</c>). It has no
/// secret, no device and no settings, and so it is the framework's own.
/// </summary>
internal sealed class KeyFileSystem : IKeySystem
{
    /// <summary>Its name, and that of its key format.</summary>
    public const string Name = "identity";

    /// <inheritdoc/>
    public KeySystemDescriptor Descriptor { get; } = new()
    {
        Name = Name,
        Systems = [SystemIds.KeyFile],
        Designators = [Name],
        ChallengeIdentifiesDevice = false,   // a request is a GET of what a playlist names, as of a segment
    };

    /// <inheritdoc/>
    public ProtectionHeader ParseHeader(InitializationData data) => KeyFileHeader.Read(data);

    /// <inheritdoc/>
    public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken)
    {
        if (request.Headers is not [{ } header]) throw new LicenseServiceException(LicenseErrorKind.HeaderUnsupported, "a key file is asked for by the one header that names it");
        KeyFileSession session = new(header, KeyFileHeader.AddressOf(header), host);
        session.ImportInline();
        return new(session);
    }
}
