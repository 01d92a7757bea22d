using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Keyway.Cdm.FakeHost;

/// <summary>What a fake module does where its script says nothing: it is a ClearKey CDM (Encrypted Media Extensions, 9.1), whose keys belong to the process.</summary>
internal sealed class FakeDefaults(FakeModule module)
{
    public void Run(string method, FakeCall call)
    {
        switch (method)
        {
            case "Initialize":
                module.Host.OnInitialized(true);
                break;
            case "CreateSession":
                module.Host.OnResolveNewSessionPromise(call.Promise, call.Session);
                Request(call);
                break;
            case "LoadSession":
                module.Host.OnResolveNewSessionPromise(call.Promise, call.Session);
                break;
            case "UpdateSession":
                Learn(call);
                module.Host.OnResolvePromise(call.Promise);
                break;
            case "CloseSession" or "RemoveSession":
                module.Host.OnSessionClosed(call.Session);
                module.Host.OnResolvePromise(call.Promise);
                break;
            case "SetServerCertificate":
                module.Host.OnResolvePromise(call.Promise);
                break;
            case "GetStatusForPolicy":
                module.Host.OnResolveKeyStatusPromise(call.Promise, 0);
                break;
        }
    }

    /// <summary>Asks for the keys that a <c>pssh</c> of version 1 names: of what is none, for none.</summary>
    public void Request(FakeCall call)
    {
        ReadOnlySpan<byte> box = call.Data;
        List<string> kids = [];
        const int beforeIds = 32;
        if (box.Length >= beforeIds && box[4..8].SequenceEqual("pssh"u8) && box[8] == 1)
        {
            uint count = BinaryPrimitives.ReadUInt32BigEndian(box[28..]);
            for (int at = beforeIds; count-- > 0 && at + 16 <= box.Length; at += 16) kids.Add($"\"{Base64Url.EncodeToString(box.Slice(at, 16))}\"");
        }

        module.Host.OnSessionMessage(call.Session, 0, Encoding.UTF8.GetBytes($"{{\"kids\":[{string.Join(',', kids)}],\"type\":\"temporary\"}}"));
    }

    /// <summary>Takes the keys of a JSON Web Key Set, and says that they are usable.</summary>
    public void Learn(FakeCall call)
    {
        List<(byte[] Id, uint Status)> keys = [];
        if (call.Data is { Length: > 0 } data && data[0] == (byte)'{')
        {
            using JsonDocument set = JsonDocument.Parse(data);
            foreach (JsonElement key in set.RootElement.GetProperty("keys").EnumerateArray())
            {
                byte[] id = Base64Url.DecodeFromChars(key.GetProperty("kid").GetString());
                module.Cipher.Add(Convert.ToHexStringLower(id), Base64Url.DecodeFromChars(key.GetProperty("k").GetString()));
                keys.Add((id, 0));
            }
        }

        if (keys.Count > 0) module.Host.OnSessionKeysChange(call.Session, true, keys);
    }
}
