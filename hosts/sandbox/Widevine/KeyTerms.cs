using Keyway.Sandbox.Widevine.Wire;
using Cgms = Keyway.Sandbox.Widevine.Wire.OutputProtection.Types.Cgms;
using Hdcp = Keyway.Sandbox.Widevine.Wire.OutputProtection.Types.Hdcp;

namespace Keyway.Sandbox.Widevine;

/// <summary>The terms that stand on a key and not on the licence.</summary>
internal static class KeyTerms
{
    /// <summary>Sets a term.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="key">The key.</param>
    /// <param name="required">What the key will demand of outputs.</param>
    /// <param name="requested">What it will wish of outputs.</param>
    /// <returns><see langword="false"/>: there is no such term.</returns>
    /// <exception cref="FormatException">There is no such value.</exception>
    public static bool TrySet(string name, string value, KeyContainer key, OutputProtection required, OutputProtection requested)
    {
        switch (name)
        {
            case "level":
                key.Level = Parameters.Number(name, value) is >= 1 and <= 5 and long level ? (KeyContainer.Types.SecurityLevel)level : throw Parameters.Wrong(name, value, "1 to 5");
                break;
            case "hdcp":
                required.Hdcp = Level(name, value);
                break;
            case "requested_hdcp":
                requested.Hdcp = Level(name, value);
                break;
            case "cgms_flags":
                required.CgmsFlags = value switch
                {
                    "COPY_FREE" => Cgms.CopyFree,
                    "COPY_ONCE" => Cgms.CopyOnce,
                    "COPY_NEVER" => Cgms.CopyNever,
                    "CGMS_NONE" => Cgms.None,
                    _ => throw Parameters.Wrong(name, value, "COPY_FREE, COPY_ONCE, COPY_NEVER or CGMS_NONE"),
                };
                break;
            case "hdcp_srm_rule":
                required.HdcpSrmRule = Parameters.Flag(name, value) ? OutputProtection.Types.HdcpSrmRule.CurrentSrm : OutputProtection.Types.HdcpSrmRule.None;
                break;
            case "disable_analog_output":
                required.DisableAnalogOutput = Parameters.Flag(name, value);
                break;
            case "disable_digital_output":
                required.DisableDigitalOutput = Parameters.Flag(name, value);
                break;
            case "video_resolution_constraints":
                key.VideoResolutionConstraints.Clear();
                key.VideoResolutionConstraints.AddRange(value.Split(',').Select(range => Constraint(name, range)));
                break;
            default:
                return false;
        }

        return true;
    }

    private static Hdcp Level(string name, string value) => value switch
    {
        "NONE" => Hdcp.None,
        "V1" => Hdcp.V1,
        "V2" => Hdcp.V2,
        "V2_1" => Hdcp.V21,
        "V2_2" => Hdcp.V22,
        "V2_3" => Hdcp.V23,
        "NO_DIGITAL_OUTPUT" => Hdcp.NoDigitalOutput,
        _ => throw Parameters.Wrong(name, value, "NONE, V1, V2, V2_1, V2_2, V2_3 or NO_DIGITAL_OUTPUT"),
    };

    private static KeyContainer.Types.VideoResolutionConstraint Constraint(string name, string text)
    {
        string[] halves = text.Split(':', 2);
        if (halves[0].Split('-') is not [string least, string most]) throw Parameters.Wrong(name, text, "MIN-MAX or MIN-MAX:HDCP");
        KeyContainer.Types.VideoResolutionConstraint constraint = new() { MinResolutionPixels = Pixels(least), MaxResolutionPixels = Pixels(most) };
        if (halves.Length == 2) constraint.RequiredProtection = new OutputProtection { Hdcp = Level(name, halves[1]) };
        return constraint;

        uint Pixels(string digits) => Parameters.Number(name, digits) is >= 0 and <= uint.MaxValue and long pixels ? (uint)pixels : throw Parameters.Wrong(name, text, "numbers of pixels");
    }
}
