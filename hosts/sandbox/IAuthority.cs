using System.Text.Json;

namespace Keyway.Sandbox;

/// <summary>The maker of one system's certificates. What it needs, it makes when it is first asked, because making keys takes a while.</summary>
internal interface IAuthority
{
    /// <summary>The system's name in addresses and arguments.</summary>
    string System { get; }

    /// <summary>What <c>GET /</c> says of the certificates.</summary>
    string Help { get; }

    /// <summary>Writes what a client must trust, as members of an object.</summary>
    /// <param name="json">Where to write it.</param>
    void WriteTrust(Utf8JsonWriter json);

    /// <summary>Issues a device.</summary>
    /// <param name="wishes">What is asked for beyond a common one; names are those of <see cref="Help"/>.</param>
    /// <returns>The device's files, in the form in which an integrator gets them.</returns>
    /// <exception cref="FormatException">There is no such wish, or no such value of it.</exception>
    IReadOnlyList<CredentialFile> Issue(IReadOnlyDictionary<string, string> wishes);
}
