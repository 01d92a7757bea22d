using System.Globalization;
using Keyway.Licensing;

namespace Keyway.PlayReady.Xmr;

/// <summary>A licence for people: every object by name and place. No byte of a key, of a wrap or of a MAC.</summary>
internal static class XmrFacts
{
    /// <summary>Describes a licence, also one that would be refused.</summary>
    public static IReadOnlyList<HeaderFact> Describe(XmrEnvelope envelope)
    {
        List<HeaderFact> facts =
        [
            new("KeyId", envelope.KeyId.ToString()),
            new("KeyType", envelope.KeyType.ToString()),
            new("CipherType", string.Create(CultureInfo.InvariantCulture, $"{(ushort)envelope.CipherType} ({envelope.CipherType})")),
        ];
        Add(facts, envelope.Outer, "");
        return facts;
    }

    private static void Add(List<HeaderFact> facts, XmrObject item, string path)
    {
        string name = path + XmrRules.NameOf(item.Type);
        facts.Add(new HeaderFact(name, string.Create(CultureInfo.InvariantCulture, $"{item.Length} bytes at {item.Offset}, flags {item.Flags}, {XmrRules.HandlingOf(item.Type)}")));
        foreach (XmrObject child in item.Children) Add(facts, child, name + "/");
    }
}
