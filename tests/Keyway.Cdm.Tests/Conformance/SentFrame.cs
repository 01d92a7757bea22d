using System.Text;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>A frame of the child.</summary>
internal sealed record SentFrame(FrameType Type, uint Id, byte[] Fields)
{
    public FrameReader Reader() => new(Fields);

    /// <summary>What can be read of it, for the message of a test that failed.</summary>
    public override string ToString() => $"{Type} {Id}: {string.Concat(Encoding.Latin1.GetString(Fields).Select(letter => char.IsControl(letter) ? '.' : letter))}";
}
