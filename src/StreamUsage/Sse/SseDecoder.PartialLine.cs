namespace StreamUsage.Sse;

// Lines that a piece cuts. SseDecoder.cs has lines within one piece.
internal partial struct SseDecoder
{
    // Collects the field name first, then adds the value as it comes.
    private void ReadPartialLine(ReadOnlySpan<byte> part)
    {
        if (_line == Line.None)
        {
            _line = Line.Name;
            _name = 1; // The leading 1 keeps names with leading NULs distinct: "\0data" is not "data".
            _nameLength = 0;
        }

        if (_line == Line.Name)
        {
            int at = 0;
            while (true)
            {
                if (at == part.Length)
                {
                    return;
                }

                byte next = part[at++];
                if (next == (byte)':')
                {
                    BeginValue();
                    break;
                }

                if (++_nameLength > 5)
                {
                    _line = Line.Ignored;
                    break;
                }

                _name = (_name << 8) | next;
            }

            part = part[at..];
        }

        if (part.IsEmpty || _line == Line.Ignored)
        {
            return;
        }

        if (_atValueStart)
        {
            _atValueStart = false;
            if (part[0] == (byte)' ')
            {
                part = part[1..];
            }
        }

        switch (_line)
        {
            case Line.Data or Line.Error:
                _dataBuffer.Append(part);
                break;
            case Line.Event:
                AddType(part);
                break;
            case Line.Id:
                _reconnection?.AddId(part);
                break;
            case Line.Retry:
                _reconnection?.AddRetry(part);
                break;
        }
    }

    private void BeginValue()
    {
        const ulong Data = 0x1_64617461, Event = 0x1_6576656E74, Id = 0x1_6964, Retry = 0x1_7265747279, Error = 0x1_6572726F72;
        _atValueStart = true;
        switch (_name)
        {
            case Data:
                _line = Line.Data;
                BeginDataLine();
                break;
            case Event:
                _line = Line.Event;
                _typeStart = -1;
                _typeBuffer.Clear();
                break;
            case Id:
                _line = Line.Id;
                _reconnection?.BeginId();
                break;
            case Retry:
                _line = Line.Retry;
                _reconnection?.BeginRetry();
                break;
            case Error when IsForTracking:
                _line = Line.Error;
                _typeStart = -1;
                _typeBuffer.Clear();
                AddType(ErrorField);
                BeginDataLine();
                break;
            default:
                _line = Line.Ignored;
                break;
        }
    }

    private void EndPartialLine()
    {
        if (_line == Line.Name)
        {
            BeginValue();
        }

        if (_line == Line.Id)
        {
            _reconnection?.EndId();
        }
        else if (_line == Line.Retry)
        {
            _reconnection?.EndRetry();
        }

        _line = Line.None;
    }
}
