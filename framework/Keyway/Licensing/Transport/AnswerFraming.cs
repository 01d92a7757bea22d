namespace Keyway.Licensing.Transport;

/// <summary>
/// Reads along with an answer in HTTP/1.1 (RFC 9112, 7.1) to know which of its bytes are data of chunks that the HTTP library keeps in a buffer of its own.
/// Where it is not sure, it knows of none.
/// </summary>
internal sealed class AnswerFraming
{
    private enum State
    {
        Unknown = 0,
        Begin,
        Head,
        BeginBody,
        Size,
        Extension,
        Data,
        DataEnd,
        Trailer,
    }

    private static ReadOnlySpan<byte> Version => "HTTP/1."u8;

    private State _state;
    private byte[]? _library;
    private int _matched;
    private int _lineLength;
    private int _digits;
    private long _size;

    /// <summary>A request is sent: what comes next is the head of an answer.</summary>
    public void Begin() => (_state, _matched, _library) = (State.Begin, 0, null);

    /// <summary>Reads what was handed on.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="array">Where they were put.</param>
    /// <returns>Whether data of a chunk is among them, and they lie where the head was put: in the library's buffer.</returns>
    public bool Read(ReadOnlySpan<byte> bytes, byte[] array)
    {
        bool data = false;
        while (!bytes.IsEmpty && _state != State.Unknown)
        {
            if (_state == State.Data)
            {
                int count = (int)Math.Min(_size, bytes.Length);
                data = true;
                _size -= count;
                bytes = bytes[count..];
                if (_size == 0) (_state, _lineLength) = (State.DataEnd, 0);
                continue;
            }

            Next(bytes[0], array);
            bytes = bytes[1..];
        }

        return data && array == _library;
    }

    private void Next(byte b, byte[] array)
    {
        switch (_state)
        {
            case State.Begin:
                if (b != Version[_matched]) _state = State.Unknown;
                else if (++_matched == Version.Length) (_state, _library, _lineLength) = (State.Head, array, 1);
                break;
            case State.Head or State.Trailer:
                if (b == '\n' && _lineLength == 0) _state = _state == State.Head ? State.BeginBody : State.Unknown;
                else if (b == '\n') _lineLength = 0;
                else if (b != '\r') _lineLength++;
                break;
            case State.BeginBody:
                // A body that goes elsewhere has a length, or ends with the connection; an interim answer is followed by another head.
                if (array != _library) _state = State.Unknown;
                else if (b == Version[0]) (_state, _matched) = (State.Begin, 1);
                else
                {
                    (_state, _size, _digits) = (State.Size, 0, 0);
                    Next(b, array);
                }

                break;
            case State.Size or State.Extension:
                if (b == '\n') (_state, _lineLength) = _digits == 0 ? (State.Unknown, 0) : _size == 0 ? (State.Trailer, 0) : (State.Data, 0);
                else if (_state == State.Size && char.IsAsciiHexDigit((char)b) && ++_digits < 16) _size = (_size * 16) + (b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10);
                else if (_state == State.Size && b is (byte)';' or (byte)' ' or (byte)'\t') _state = State.Extension;
                else if (_state == State.Size && b != '\r') _state = State.Unknown;
                break;
            case State.DataEnd:
                if (b == '\n') (_state, _size, _digits) = (State.Size, 0, 0);
                else if (b != '\r') _state = State.Unknown;
                break;
        }
    }
}
