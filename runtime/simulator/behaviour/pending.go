package behaviour

import (
	"sync"
	"time"
)

// pending is what comes late. What has not come when the behaviour ends comes then.
type pending struct {
	mu   sync.Mutex
	next int
	late map[int]func()
}

func newPending() *pending { return &pending{late: map[int]func(){}} }

func (p *pending) after(d time.Duration, do func()) {
	p.mu.Lock()
	p.next++
	id := p.next
	p.late[id] = do
	p.mu.Unlock()
	time.AfterFunc(d, func() { p.release(id) })
}

func (p *pending) release(id int) {
	p.mu.Lock()
	do := p.late[id]
	delete(p.late, id)
	p.mu.Unlock()
	if do != nil {
		do()
	}
}

// releaseAll lets all of it come, in the order in which it was delayed.
func (p *pending) releaseAll() {
	p.mu.Lock()
	last := p.next
	p.mu.Unlock()
	for id := range last + 1 {
		p.release(id)
	}
}

// releasing ends an effect and then lets come what is late.
func (p *pending) releasing(begun effect, err error) (effect, error) {
	end := begun.end
	begun.end = func() {
		end()
		p.releaseAll()
	}
	return begun, err
}
